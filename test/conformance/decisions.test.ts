/** A part of Istio's recorded verdicts on the wire; `npm run conformance` plays all of them. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runSuites } from './run-suites.ts';

const own = fileURLToPath(new URL('../corpora/istio/', import.meta.url));

function suites(folder: string, family: string): string[] {
  const found = readdirSync(`${own}${folder}`).filter((name) => name.startsWith(`${family}-`));
  return found.map((name) => `${own}${folder}/${name}`);
}

async function disagreements(files: string[]): Promise<string[]> {
  const { cases, lines } = await runSuites(files);
  expect(cases).toBeGreaterThan(0);
  return lines;
}

describe('a listener of ours gives the verdict that Istio on Envoy gave', () => {
  it.each(['authz', 'normalization'])('in every case of Istio’s own %s tables', async (family) => {
    expect(await disagreements(suites('decisions', family))).toEqual([]);
  });

  it.each(['authz-http', 'authz-tcp', 'normalization', 'peerauth', 'jwt', 'http2', 'custom', 'gateway'])(
    'in every case of the family %s',
    async (family) => {
      expect(await disagreements(suites('generated', family))).toEqual([]);
    },
  );
});

describe('a gateway of ours routes as Istio on Envoy did', () => {
  it('rewrites, expressions, header operations, redirects, faults, delegates and CORS among them', async () => {
    const suite = new URL('../policy/gateway/gateway-routes.suite.json', import.meta.url);
    expect(await disagreements([fileURLToPath(suite)])).toEqual([]);
  });
});

describe('a gateway of ours passes on what it doesn’t read as Istio on Envoy did', () => {
  it.each(['gateway-bytes', 'gateway-http-beside-bytes'])('in every case of %s', async (name) => {
    const suite = new URL(`../policy/gateway/${name}.suite.json`, import.meta.url);
    expect(await disagreements([fileURLToPath(suite)])).toEqual([]);
  });
});

describe('a file that is no suite', () => {
  it('is refused with what could be played', async () => {
    await expect(runSuites([`${own}generated/invalid-1.json`])).rejects.toThrow('DecisionSuite');
  });
});
