/** `npm run bench -- NAME…`: side-by-side measurements; without a name, all of them. */
import { benchPair } from './pair.ts';

const BENCHES: Readonly<Record<string, () => Promise<string[]>>> = { pair: benchPair };

const names = process.argv.slice(2);
const unknown = names.filter((name) => BENCHES[name] === undefined);
if (unknown.length > 0) {
  process.stderr.write(
    `no such bench: ${unknown.join(', ')}; there are: ${Object.keys(BENCHES).join(', ')}\n`,
  );
  process.exitCode = 2;
} else {
  for (const [name, run] of Object.entries(BENCHES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    process.stdout.write(`${name}\n`);
    for (const line of await run()) process.stdout.write(`  ${line}\n`);
  }
}
