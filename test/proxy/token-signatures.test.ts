/** Signatures of tokens against vectors of other makers: Wycheproof's, and the test tokens of Istio. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseJws, parseToken } from '../../policy/tokens/compact-token.ts';
import { parseKeySet } from '../../policy/tokens/key-set.ts';
import { verifyJws, verifyToken } from '../../policy/tokens/verify-token.ts';
import { verifySignature } from '../../proxy/token-signatures.ts';
import { describeWith, sharedFolder } from '../support/requires.ts';
import { jwtOf, signer, verification } from '../support/tokens.ts';

describe('a signature', () => {
  it.each(['ES256', 'RS256', 'EdDSA'] as const)('by %s verifies with its own key only', async (alg) => {
    const [own, other] = [signer(alg), signer(alg)];
    const jws = parseToken(own.token({ iss: 'x' }));
    if (typeof jws === 'string') throw new Error(jws);
    const keys = (one: typeof own) => parseKeySet(JSON.stringify({ keys: [one.jwk] })) ?? [];
    expect(await verifyJws(jws, keys(own), verifySignature)).toMatchObject({ tolerated: [] });
    expect(await verifyJws(jws, keys(other), verifySignature)).toBe('token-signature-invalid');
    const changed = { ...jws, payload: `${jws.payload}A` };
    expect(await verifyJws(changed, keys(own), verifySignature)).toBe('token-signature-invalid');
  });

  it('refuses an RSA key that is too short to trust', async () => {
    const own = signer('RS256');
    const jws = parseToken(own.token({ iss: 'x' }));
    if (typeof jws === 'string') throw new Error(jws);
    const short = { ...own.jwk, n: String(own.jwk['n']).slice(0, 171) };
    const keys = parseKeySet(JSON.stringify({ keys: [short] })) ?? [];
    expect(await verifyJws(jws, keys, verifySignature)).toBe('token-signature-invalid');
  });
});

interface Vectors {
  groups: { comment: string; keys: unknown[]; tests: { tcId: number; jws: string; result: string }[] }[];
}

/** Every case where we say other than the vectors, and why. Closed: a new one fails the test. */
const DISAGREEMENTS: Readonly<Record<number, string>> = {
  259: 'valid, refused: Envoy takes a token with an empty payload for none of three parts',
  264: 'as 259',
  268: 'as 259',
  272: 'as 259',
  320: 'as 259',
  325: 'as 259',
  346: 'valid, refused: the key says PS256, the token PS384; a key’s alg must be the token’s',
  350: 'as 346',
  347: 'valid, refused: the key’s alg is ES521, which is none',
  351: 'as 347',
  372: 'valid, refused: a ? stands in the base64 of the header',
  373: 'valid, refused: a ? stands in the base64 of the payload',
  367: 'invalid, accepted: byte for byte the token and key of 357, which is valid',
  370: 'as 367',
  353: 'invalid, accepted with a finding: use: enc, which Envoy doesn’t look at',
  354: 'as 353',
  355: 'invalid, accepted with a finding: key_ops without verify, which Envoy doesn’t look at',
  356: 'as 355',
};

describeWith('corpora', 'vectors of others', () => {
  const read = (path: string) => readFileSync(new URL(`corpora/${path}`, sharedFolder), 'utf8');

  it('agrees with Wycheproof but for a closed list; what the standard refuses carries a finding', async () => {
    const differing: number[] = [];
    const tests = new Map<number, string>();
    for (const group of (JSON.parse(read('wycheproof/jws-vectors.json')) as Vectors).groups) {
      const keys = parseKeySet(JSON.stringify({ keys: group.keys })) ?? [];
      for (const { tcId, jws: text, result } of group.tests) {
        tests.set(tcId, text);
        const jws = parseJws(text);
        const verified = typeof jws === 'string' ? jws : await verifyJws(jws, keys, verifySignature);
        const accepted = typeof verified !== 'string';
        if (accepted !== (result === 'valid')) differing.push(tcId);
        if (accepted && result === 'invalid' && verified.tolerated.length === 0)
          expect(text).toBe(tests.get(357));
      }
    }
    expect(tests.size).toBe(401);
    expect(differing.sort((x, y) => x - y)).toEqual(Object.keys(DISAGREEMENTS).map(Number));
  });

  it('lets no token of Wycheproof through as a whole: none of them holds claims', async () => {
    for (const group of (JSON.parse(read('wycheproof/jws-vectors.json')) as Vectors).groups) {
      const keys = parseKeySet(JSON.stringify({ keys: group.keys }));
      const rule = jwtOf({ jwksUri: 'https://keys' }).rules[0];
      if (!rule) throw new Error('no rule');
      const held = { ...verification(), keysAt: async () => keys };
      for (const { jws } of group.tests) expect(typeof (await verifyToken(jws, rule, held))).toBe('string');
    }
  });

  it('verifies twelve of Istio’s fourteen test tokens: one is expired, one is garbage', async () => {
    const { tokens } = JSON.parse(read('istio/jwt/jwt-tokens.json')) as {
      tokens: Record<string, { jws: string }>;
    };
    const rule = jwtOf({ jwks: read('istio/jwt/jwks.json') }).rules[0];
    if (!rule) throw new Error('no rule');
    const refused: Record<string, string> = {};
    for (const [name, { jws }] of Object.entries(tokens)) {
      const result = await verifyToken(jws, rule, verification());
      if (typeof result === 'string') refused[name] = result;
    }
    expect(Object.keys(tokens)).toHaveLength(14);
    expect(refused).toEqual({ TokenExpired: 'token-expired', TokenInvalid: 'token-bad-format' });
  });
});
