/** Which tests a mutant has to face, and in which order. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const SUITES = ['test/policy/**/*.test.ts', 'test/wire/**/*.test.ts'];
/** They play thousands of cases from outside of the repository; the subsets of both stand in for them. */
const LEFT_OUT = ['test/policy/decision-suites.test.ts', 'test/policy/routes/route-suites.test.ts'];
/** A tenth of a second a test and more. */
export const CORPUS = 'test/policy/corpus-subset.test.ts';
const SLOW = ['test/policy/routes/route-subset.test.ts', 'test/policy/index/rule-index.test.ts', CORPUS];

/** All unit tests of policy/ and wire/, relative to `root`: those named like `sources` first, the slow ones last. */
export function chooseTests(root: string, sources: readonly string[]): string[] {
  const own = new Set(sources.map(ownTest));
  const rank = (test: string): number => {
    if (SLOW.includes(test)) return 3 + SLOW.indexOf(test);
    if (own.has(test)) return 0;
    return readFileSync(join(root, test), 'utf8').includes("'fast-check'") ? 2 : 1;
  };
  return globSync(SUITES, { cwd: root })
    .filter((test) => !LEFT_OUT.includes(test))
    .toSorted()
    .map((test) => ({ test, rank: rank(test) }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ test }) => test);
}

/** Where the tests of `source` are, if it has any of its own. */
export function ownTest(source: string): string {
  return join('test', source.replace(/\.ts$/, '.test.ts'));
}

/** Not those of types alone, which load nothing. */
const IMPORTED = /\b(?:import|export)\s(?!type\b)[^;']*from '(\.[^']+\.ts)'|\bimport\(?\s*'(\.[^']+\.ts)'/g;

/** For each source file, the tests whose imports lead to it. Paths are relative to `root`. */
export function testsThatLoad(root: string, tests: readonly string[]): Map<string, string[]> {
  const imports = new Map<string, string[]>();
  const loads = new Map<string, string[]>();
  const importsOf = (file: string): string[] => {
    const known = imports.get(file);
    if (known) return known;
    const text = readFileSync(join(root, file), 'utf8');
    const found = [...text.matchAll(IMPORTED)].map(([, named, whole]) =>
      relative(root, resolve(root, dirname(file), named ?? whole ?? '')),
    );
    imports.set(file, found);
    return found;
  };
  for (const test of tests) {
    const seen = new Set([test]);
    for (const file of seen) for (const next of importsOf(file)) seen.add(next);
    for (const file of seen) loads.set(file, [...(loads.get(file) ?? []), test]);
  }
  return loads;
}
