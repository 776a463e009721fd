/** `npm run bench -- NAME… [--seconds=N] [--rounds=N] [--json=F]`: side-by-side measurements; without a name, all of them. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { BenchOptions, BenchReport } from './bench.ts';
import { benchPair } from './pair.ts';
import { benchPolicy } from './policy.ts';

const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<BenchReport>>> = {
  pair: benchPair,
  policy: benchPolicy,
};

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string' }, rounds: { type: 'string' }, json: { type: 'string' } },
});
const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  process.stderr.write(
    `no such bench: ${unknown.join(', ')}; there are: ${Object.keys(BENCHES).join(', ')}\n`,
  );
  process.exitCode = 2;
} else {
  const options = {
    ...(values.seconds === undefined ? {} : { seconds: Number(values.seconds) }),
    ...(values.rounds === undefined ? {} : { rounds: Number(values.rounds) }),
  };
  const figures: Record<string, object> = {};
  for (const [name, run] of Object.entries(BENCHES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    process.stdout.write(`${name}\n`);
    const report = await run(options);
    figures[name] = report.figures;
    for (const line of report.lines) process.stdout.write(`  ${line}\n`);
    for (const failure of report.failures) process.stderr.write(`${name}: ${failure}\n`);
    if (report.failures.length > 0) process.exitCode = 1;
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
}
