/** `npm run fuzz -- --messages N --seed S --json F`: exits 1 when something hung, disagreed or couldn't be read, or memory grew. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fuzzPair } from './fuzz-pair.ts';

/** Memory at the end over memory in the middle; the first half has warmed everything up. */
const GROWTH = 1.3;

const { values } = parseArgs({
  options: { messages: { type: 'string' }, seed: { type: 'string' }, json: { type: 'string' } },
});
const messages = Number(values.messages ?? 20_000);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
process.stdout.write(`fuzz: ${messages} messages, seed ${seed}\n`);
const begin = performance.now();
let shown = 0;
const report = await fuzzPair(messages, seed, (sent) => {
  if (sent - shown < messages / 10) return;
  shown = sent;
  process.stdout.write(`  ${sent} sent\n`);
});
const { early, late } = report.memoryMb;
const wrong = report.hung.length + report.unaccounted.length + report.unreadable.length;
const seconds = Math.round((performance.now() - begin) / 1_000);
if (values.json) writeFileSync(values.json, `${JSON.stringify({ ...report, seconds }, null, 2)}\n`);
for (const line of [...report.hung, ...report.unaccounted, ...report.unreadable])
  process.stdout.write(`  ! ${line}\n`);
process.stdout.write(
  `${report.messages} messages on ${report.connections} connections in ${seconds} s: ${report.arrived} arrived, ` +
    `${report.hung.length} hung, ${report.unaccounted.length} read otherwise, ${report.unreadable.length} unreadable, ` +
    `memory ${early} MB → ${late} MB\n`,
);
process.exitCode = wrong > 0 || late > early * GROWTH ? 1 : 0;
