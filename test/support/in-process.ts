/** Commands in the test's own process, with what they wrote: for tables of them, where a process each takes minutes. */
import { vi } from 'vitest';
import { main } from '../../cli/main.ts';
import type { Ran } from './greenroom.ts';

/** What `body` wrote on both streams, none of which reaches them. */
export async function captured(body: () => Promise<unknown>): Promise<Omit<Ran, 'code'>> {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text: unknown, ...more: unknown[]) => {
      written[stream] += String(text);
      for (const done of more) if (typeof done === 'function') done();
      return true;
    }),
  );
  try {
    await body();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return written;
}

/** `greenroom ARGS`. */
export async function runHere(args: readonly string[]): Promise<Ran> {
  const written = await captured(() => main(args));
  const code = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  return { code, ...written };
}
