/** Every recorded verdict of Istio on Envoy that is at hand. What isn't judged yet is named, with its number. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decideSuites } from '../../cli/decide-suites.ts';
import { describeWith, sharedFolder } from '../support/requires.ts';

function suites(folder: URL, family: string): string[] {
  const path = fileURLToPath(folder);
  return readdirSync(path)
    .filter((name) => name.startsWith(`${family}-`))
    .map((name) => `${path}${name}`);
}

async function disagreements(files: string[]): Promise<string[]> {
  expect(files.length).toBeGreaterThan(0);
  const outcome = await decideSuites(files);
  expect(outcome.cases).toBeGreaterThan(0);
  return outcome.lines;
}

const own = new URL('../corpora/istio/', import.meta.url);

describe('a part of Istio’s recorded verdicts', () => {
  it.each(['authz', 'normalization'])('agrees with every case of Istio’s own %s tables', async (family) => {
    expect(await disagreements(suites(new URL('decisions/', own), family))).toEqual([]);
  });

  it.each(['authz-http', 'authz-tcp', 'peerauth', 'normalization', 'http2', 'jwt', 'custom', 'gateway'])(
    'agrees with the generated family %s',
    async (family) => {
      expect(await disagreements(suites(new URL('generated/', own), family))).toEqual([]);
    },
  );
});

describeWith('corpora', 'all of Istio’s recorded verdicts', () => {
  const generated = new URL('corpora/istio/generated/', sharedFolder);

  it.each(['authz-http', 'authz-tcp', 'peerauth', 'normalization', 'http2', 'jwt', 'custom', 'gateway'])(
    'agrees with the generated family %s',
    async (family) => {
      expect(await disagreements(suites(generated, family))).toEqual([]);
    },
  );
});
