/**
 * A JSON Web Key Set as Envoy takes it: only kind, id, algorithm and the key itself count; `use` and `key_ops` are
 * not looked at. Keys that aren't usable are left out; a set without any usable key is none.
 */
import { decodeBase64Url } from './base64.ts';
import { isJsonObject, type JsonObject, memberOf, parseJsonObject } from './strict-json.ts';

/** A public (or, for HMAC, shared) key: the members of a JWK that a signature needs. */
export type VerificationKey = KeyMaterial & {
  kid: string;
  /** '' = any of its kind. */
  alg: string;
  /** Marked for something else than signatures; Envoy uses it all the same. */
  forEncryption: boolean;
};

export type KeyMaterial =
  | { kty: 'RSA'; n: string; e: string }
  | { kty: 'EC'; crv: 'P-256' | 'P-384' | 'P-521'; x: string; y: string }
  | { kty: 'OKP'; crv: 'Ed25519'; x: string }
  | { kty: 'oct'; k: string };

export type KeySet = readonly VerificationKey[];

/** Reads a key set; null when Envoy could verify nothing with it. */
export function parseKeySet(text: string): KeySet | null {
  const set = parseJsonObject(text);
  const keys = set === null ? undefined : memberOf(set, 'keys');
  if (!Array.isArray(keys)) return null;
  const usable = keys.flatMap((key) => (isJsonObject(key) ? (readKey(key) ?? []) : []));
  return usable.length > 0 ? usable : null;
}

function readKey(key: JsonObject): VerificationKey | null {
  const alg = stringOf(key, 'alg') ?? '';
  const material = readMaterial(key, alg);
  if (material === null) return null;
  return { ...material, kid: stringOf(key, 'kid') ?? '', alg, forEncryption: isForEncryption(key) };
}

function isForEncryption(key: JsonObject): boolean {
  const [use, operations] = [memberOf(key, 'use'), memberOf(key, 'key_ops')];
  if (use !== undefined && use !== 'sig') return true;
  return Array.isArray(operations) && !operations.includes('verify');
}

function readMaterial(key: JsonObject, alg: string): KeyMaterial | null {
  switch (stringOf(key, 'kty')) {
    case 'RSA':
      return readRsa(key, alg);
    case 'EC':
      return readEc(key, alg);
    case 'OKP':
      return readOkp(key, alg);
    case 'oct':
      return readOct(key, alg);
    default:
      return null;
  }
}

function readRsa(key: JsonObject, alg: string): KeyMaterial | null {
  const [n, e] = [stringOf(key, 'n'), stringOf(key, 'e')];
  if (alg !== '' && !alg.startsWith('RS') && !alg.startsWith('PS')) return null;
  if (n === null || e === null || !hasBytes(n) || !EXPONENTS.has(e)) return null;
  return { kty: 'RSA', n, e };
}

/** 3 and 65537: Envoy takes no others. */
const EXPONENTS: ReadonlySet<string> = new Set(['Aw', 'AQAB']);

const CURVES = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const;

function readEc(key: JsonObject, alg: string): KeyMaterial | null {
  const [x, y] = [stringOf(key, 'x'), stringOf(key, 'y')];
  if (x === null || y === null || !hasBytes(x) || !hasBytes(y)) return null;
  const byAlgorithm = alg === '' ? undefined : Object.entries(CURVES).find(([name]) => name === alg)?.[1];
  if (alg !== '' && byAlgorithm === undefined) return null;
  const written = memberOf(key, 'crv');
  const crv = written ?? byAlgorithm ?? 'P-256';
  if (crv !== 'P-256' && crv !== 'P-384' && crv !== 'P-521') return null;
  return byAlgorithm === undefined || byAlgorithm === crv ? { kty: 'EC', crv, x, y } : null;
}

function readOkp(key: JsonObject, alg: string): KeyMaterial | null {
  const x = stringOf(key, 'x');
  if ((alg !== '' && alg !== 'EdDSA') || stringOf(key, 'crv') !== 'Ed25519' || x === null) return null;
  return decodeBase64Url(x)?.bytes.length === 32 ? { kty: 'OKP', crv: 'Ed25519', x } : null;
}

function readOct(key: JsonObject, alg: string): KeyMaterial | null {
  const k = stringOf(key, 'k');
  if (alg !== '' && alg !== 'HS256' && alg !== 'HS384' && alg !== 'HS512') return null;
  return k !== null && hasBytes(k) ? { kty: 'oct', k } : null;
}

function stringOf(key: JsonObject, name: string): string | null {
  const value = memberOf(key, name);
  return typeof value === 'string' ? value : null;
}

function hasBytes(text: string): boolean {
  return (decodeBase64Url(text)?.bytes.length ?? 0) > 0;
}
