/** `npm run transcripts`: records docs/transcripts anew, on this machine's engine. test/docker/transcripts.test.ts checks them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ordersProject, recordDoctor, recordUp, shopProject } from '../test/support/recorded-commands.ts';

const folder = new URL('../docs/transcripts/', import.meta.url);

async function keep(name: string, text: string): Promise<void> {
  await writeFile(new URL(`${name}.txt`, folder), text);
  process.stdout.write(`${fileURLToPath(folder)}${name}.txt\n`);
}

await mkdir(folder, { recursive: true });
await keep('doctor', await recordDoctor());
for (const [name, make] of [
  ['shop', shopProject],
  ['orders', ordersProject],
] as const) {
  const project = await make();
  try {
    await keep(`up-${name}`, await recordUp(project, 'plain'));
    await keep(`up-${name}-terminal`, await recordUp(project, 'terminal'));
  } finally {
    await project.remove();
  }
}
