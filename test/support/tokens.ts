/** Tokens for tests: signed by keys made here, with any header and claims, and rules that take them. */
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { PolicyObject } from '../../model/policy-object.ts';
import type { HttpFacts } from '../../model/request-facts.ts';
import type { CompiledJwt } from '../../policy/tokens/compiled-jwt.ts';
import { compileJwt } from '../../policy/tokens/compile-jwt.ts';
import { parseKeySet } from '../../policy/tokens/key-set.ts';
import type { TokenVerification } from '../../policy/tokens/verify-token.ts';
import { verifySignature } from '../../proxy/token-signatures.ts';

/** Far from now, and fixed. */
export const NOW = 1_800_000_000;

export interface Signer {
  /** A public JWK, with `kid` and `alg`. */
  jwk: Record<string, unknown>;
  token(claims: unknown, header?: Record<string, unknown>): string;
  /** Anything as header and payload. */
  raw(header: string, payload: string | Uint8Array): string;
}

/** A signer with a key of its own. */
export function signer(alg: 'ES256' | 'RS256' | 'EdDSA' = 'ES256', kid = 'k'): Signer {
  const { privateKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : alg === 'RS256'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ed25519');
  const raw = (header: string, payload: string | Uint8Array) => {
    const input = `${encoded(header)}.${encoded(payload)}`;
    return `${input}.${signature(alg, privateKey, input)}`;
  };
  return {
    jwk: { ...createPublicKey(privateKey).export({ format: 'jwk' }), kid, alg },
    raw,
    token: (claims, header = {}) =>
      raw(JSON.stringify({ alg, kid, typ: 'JWT', ...header }), JSON.stringify(claims)),
  };
}

/** The text of a key set. */
export function keySetText(...signers: Signer[]): string {
  return JSON.stringify({ keys: signers.map(({ jwk }) => jwk) });
}

/** Verifies with the keys of each URI, at `NOW`. */
export function verification(sets: Readonly<Record<string, string>> = {}): TokenVerification {
  return {
    keysAt: async (uri) => (Object.hasOwn(sets, uri) ? parseKeySet(sets[uri] ?? '') : null),
    verifySignature,
    now: () => NOW,
  };
}

/** A RequestAuthentication of namespace `shop`. */
export function requestAuthentication(
  jwtRules: Record<string, unknown>[],
  name = 'jwt',
  namespace = 'shop',
): PolicyObject {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata: { name, namespace, annotations: {}, labels: {} },
    spec: { jwtRules },
    at: { file: 'jwt.yaml', line: 1, column: 1 },
    positions: {},
  };
}

/** The rules as they apply to a workload of `shop`. */
export function jwtOf(...jwtRules: Record<string, unknown>[]): CompiledJwt {
  const target = { namespace: 'shop', labels: {}, serviceAccount: 'cart' };
  return compileJwt([requestAuthentication(jwtRules)], target, 'istio-system', []);
}

/** GET / with these header fields. */
export function httpRequest(headers: [string, string][], path = '/', method = 'GET'): HttpFacts {
  return { protocol: 'http1', method, path, rawPath: path, host: 'cart.shop', headers };
}

function encoded(value: string | Uint8Array): string {
  return Buffer.from(value).toString('base64url');
}

function signature(alg: string, key: KeyObject, input: string): string {
  const bytes = Buffer.from(input);
  if (alg === 'EdDSA') return sign(null, bytes, key).toString('base64url');
  return sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}
