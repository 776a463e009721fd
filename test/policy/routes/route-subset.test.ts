/** Recorded routes that a mutation run can afford: a part of what `route-suites.test.ts` plays. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { pureDifferences } from '../../support/pure-routes.ts';
import { readRouteSuite } from '../../support/route-suites.ts';

const folder = fileURLToPath(new URL('../../corpora/istio/generated/', import.meta.url));
const suites = readdirSync(folder)
  .filter((name) => name.startsWith('routes-'))
  .map((name) => ({ name, suite: readRouteSuite(folder + name) }));

describe('three hundred and fifty of Istio’s recorded routes', () => {
  it.each(suites)('are chosen and carried out the same in $name', ({ suite }) => {
    const { judged, differences } = pureDifferences(suite);
    expect(differences).toEqual([]);
    expect(judged).toBeGreaterThan(10);
  });
});

describe('ports that don’t say what they speak', () => {
  const file = fileURLToPath(new URL('../../conformance/suites/undeclared-ports.json', import.meta.url));

  it('are sniffed, and what was found is routed as Istio’s sidecars route it', () => {
    const { judged, differences } = pureDifferences(readRouteSuite(file));
    expect(differences).toEqual([]);
    expect(judged).toBeGreaterThan(10);
  });
});
