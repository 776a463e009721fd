/** A part of Istio's recorded verdicts on the wire; `npm run conformance` plays all of them. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runSuites } from './run-suites.ts';

const own = fileURLToPath(new URL('../corpora/istio/', import.meta.url));

function suites(family: string): string[] {
  const found = readdirSync(`${own}generated`).filter((name) => name.startsWith(`${family}-`));
  return found.map((name) => `${own}generated/${name}`);
}

describe('a listener of ours gives the verdict that Istio on Envoy gave', () => {
  it.each(['authz-tcp', 'peerauth', 'jwt'])('in every case of the family %s', async (family) => {
    const { cases, lines } = await runSuites(suites(family));
    expect(lines).toEqual([]);
    expect(cases).toBeGreaterThan(0);
  });
});

describe('a file that is no suite', () => {
  it('is refused with what could be played', async () => {
    await expect(runSuites([`${own}generated/invalid-1.json`])).rejects.toThrow('DecisionSuite');
  });
});
