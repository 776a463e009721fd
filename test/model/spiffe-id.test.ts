import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseSpiffeId, principalOf, workloadSpiffeId, type SpiffeIdFault } from '../../model/spiffe-id.ts';

interface Vector {
  in: string;
  valid: boolean;
  error?: string;
  trustDomain?: string;
  path?: string;
}

const vectors = JSON.parse(
  readFileSync(new URL('../corpora/spiffe/spiffeid-vectors.json', import.meta.url), 'utf8'),
) as { ids: Vector[] };

/** The vectors' words for our faults. */
const WORDS: Record<Exclude<SpiffeIdFault, 'too-long'>, RegExp> = {
  empty: /^cannot be empty/,
  scheme: /^scheme is missing/,
  'trust-domain-missing': /^trust domain is missing/,
  'trust-domain-characters': /^trust domain characters/,
  'path-characters': /^path segment characters/,
  'path-empty-segment': /^path cannot contain empty/,
  'path-dot-segment': /^path cannot contain dot/,
  'path-trailing-slash': /^path cannot have a trailing/,
};

describe('SPIFFE ids', () => {
  it('has 537 vectors to agree with', () => {
    expect(vectors.ids).toHaveLength(537);
  });

  for (const [index, vector] of vectors.ids.entries()) {
    it(`${vector.valid ? 'takes' : 'refuses'} vector ${index}: ${JSON.stringify(vector.in)}`, () => {
      const parsed = parseSpiffeId(vector.in);
      if (vector.valid) {
        expect(parsed).toEqual({
          ok: true,
          value: { id: vector.in, trustDomain: vector.trustDomain, path: vector.path },
        });
        return;
      }
      if (parsed.ok || parsed.fault === 'too-long') throw new Error(`taken: ${JSON.stringify(parsed)}`);
      expect(vector.error).toMatch(WORDS[parsed.fault]);
    });
  }

  it('refuses more than 2048 bytes', () => {
    expect(parseSpiffeId(`spiffe://td/${'a'.repeat(2048)}`)).toEqual({ ok: false, fault: 'too-long' });
  });

  it('makes no id of a name with a slash, a space or nothing', () => {
    for (const name of ['a/b', 'a b', '', '..']) {
      expect(() => workloadSpiffeId('cluster.local', name, 'web')).toThrow();
      expect(() => workloadSpiffeId('cluster.local', 'shop', name)).toThrow();
    }
  });

  it('writes a workload as Istio does, and its principal without the scheme', () => {
    const id = workloadSpiffeId('cluster.local', 'shop', 'web');
    expect(id).toBe('spiffe://cluster.local/ns/shop/sa/web');
    expect(principalOf(id)).toBe('cluster.local/ns/shop/sa/web');
  });
});
