/** Routes that the shared corpora don't record, on the wire: what Istio on Envoy was seen to do with each. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { pureDifferences } from '../support/pure-routes.ts';
import { readRouteSuite } from '../support/route-suites.ts';
import { runSuites } from './run-suites.ts';

const folder = fileURLToPath(new URL('./suites/', import.meta.url));
const files = readdirSync(folder).map((name) => `${folder}${name}`);

it('there are suites', () => {
  expect(files.length).toBeGreaterThan(0);
});

it.each(files)('a client’s sidecar of ours does the same: %s', async (file) => {
  expect((await runSuites([file])).lines).toEqual([]);
});

it.each(files)('and so does the pure part: %s', (file) => {
  const { judged, differences } = pureDifferences(readRouteSuite(file));
  expect(judged).toBeGreaterThan(0);
  expect(differences).toEqual([]);
});
