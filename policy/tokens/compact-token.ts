/**
 * A compact JWS and the claims in it, taken apart as Envoy does, in its order: the first fault is the answer. What is
 * refused here and not by Envoy (padded base64) is refused after everything else, so that other answers stay Envoy's;
 * what Envoy forgives and RFC 7515 doesn't is told, as `tolerated`.
 */
import { decodeBase64Url, type Decoded } from './base64.ts';
import { type JsonObject, type JsonValue, memberOf, parseJsonObject } from './strict-json.ts';
import type { TokenFault } from './token-status.ts';
import { decodeUtf8 } from './utf8.ts';

/** The three parts of a token, not yet verified. */
export interface CompactJws {
  /** As sent. */
  header: string;
  payload: string;
  signature: string;
  alg: string;
  /** '' without one. */
  kid: string;
  /** Names under `crit`: Envoy doesn't look at them. */
  crit: readonly string[];
  tolerated: readonly Tolerated[];
  /** Why it is refused here though Envoy takes it: told last, of a token that is good otherwise. */
  strictFault: TokenFault | null;
  payloadBytes: Uint8Array;
  signatureBytes: Uint8Array;
}

/** What RFC 7515 or 7517 refuses and Envoy lets pass. */
export type Tolerated = 'spare-bits' | 'crit-ignored' | 'signature-length' | 'key-for-encryption';

/** A token whose claims have the types they must have. */
export interface ParsedToken extends CompactJws {
  claims: JsonObject;
  issuer: string;
  audiences: readonly string[];
  /** Seconds; 0 = none. */
  notBefore: number;
  expires: number;
}

/** The longest token that is looked at; Envoy's bound is that of all headers, far below. */
const MAX_LENGTH = 1_048_576;

const ALGORITHMS: ReadonlySet<string> = new Set(
  'ES256 ES384 ES512 HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 EdDSA'.split(' '),
);

/** Takes a token apart and reads its claims. */
export function parseToken(token: string): ParsedToken | TokenFault {
  const head = parseHead(token);
  if (typeof head === 'string') return head;
  const payload = decodeBase64Url(head.payload);
  if (payload === null) return 'token-payload-bad-base64';
  const text = decodeUtf8(payload.bytes);
  const claims = text === null ? null : parseJsonObject(text);
  if (claims === null) return 'token-payload-bad-json';
  const registered = readClaims(claims);
  if (typeof registered === 'string') return registered;
  const signed = withSignature(head, payload);
  return typeof signed === 'string' ? signed : { ...signed, claims, ...registered };
}

/** A signature over anything: the payload isn't looked into. */
export function parseJws(token: string): CompactJws | TokenFault {
  const head = parseHead(token);
  if (typeof head === 'string') return head;
  const payload = decodeBase64Url(head.payload);
  return payload === null ? 'token-payload-bad-base64' : withSignature(head, payload);
}

interface Head {
  header: string;
  payload: string;
  signature: string;
  alg: string;
  kid: string;
  crit: readonly string[];
  decoded: Decoded;
}

function parseHead(token: string): Head | TokenFault {
  if (token.length > MAX_LENGTH) return 'token-bad-format';
  const [header, payload, signature, more] = token.split('.', 4);
  if (!header || !payload || !signature || more !== undefined) return 'token-bad-format';
  const bytes = decodeBase64Url(header);
  if (bytes === null) return 'token-header-bad-base64';
  const text = decodeUtf8(bytes.bytes);
  const fields = text === null ? null : parseJsonObject(text);
  if (fields === null) return 'token-header-bad-json';
  const alg = memberOf(fields, 'alg');
  if (typeof alg !== 'string') return 'token-header-bad-alg';
  if (!ALGORITHMS.has(alg)) return 'token-header-unknown-alg';
  const kid = memberOf(fields, 'kid');
  if (kid !== undefined && typeof kid !== 'string') return 'token-header-bad-kid';
  return { header, payload, signature, alg, kid: kid ?? '', crit: critOf(fields), decoded: bytes };
}

function withSignature(head: Head, payload: Decoded): CompactJws | TokenFault {
  const signature = decodeBase64Url(head.signature);
  if (signature === null) return 'token-signature-bad-base64';
  const { decoded, ...rest } = head;
  const strictFault = strictFaultOf(decoded, payload, signature);
  const tolerated: Tolerated[] = [];
  if (signature.spareBits) tolerated.push('spare-bits');
  if (head.crit.length > 0) tolerated.push('crit-ignored');
  return { ...rest, tolerated, strictFault, payloadBytes: payload.bytes, signatureBytes: signature.bytes };
}

function strictFaultOf(header: Decoded, payload: Decoded, signature: Decoded): TokenFault | null {
  if (header.padded || header.spareBits) return 'token-header-bad-base64';
  if (payload.padded || payload.spareBits) return 'token-payload-bad-base64';
  return signature.padded ? 'token-signature-bad-base64' : null;
}

function critOf(fields: JsonObject): readonly string[] {
  const crit = memberOf(fields, 'crit');
  return Array.isArray(crit) ? crit.filter((name): name is string => typeof name === 'string') : [];
}

type Registered = Pick<ParsedToken, 'issuer' | 'audiences' | 'notBefore' | 'expires'>;

function readClaims(claims: JsonObject): Registered | TokenFault {
  const issuer = memberOf(claims, 'iss');
  if (issuer !== undefined && typeof issuer !== 'string') return 'token-iss-not-string';
  if (!isStringOrAbsent(memberOf(claims, 'sub'))) return 'token-sub-not-string';
  const times: Record<string, number> = {};
  for (const name of ['iat', 'nbf', 'exp'] as const) {
    const value = memberOf(claims, name);
    if (value !== undefined && typeof value !== 'number') return `token-${name}-not-integer`;
    if (value !== undefined && (value < 0 || value >= 2 ** 64)) return `token-${name}-out-of-range`;
    times[name] = Math.trunc(value ?? 0);
  }
  if (!isStringOrAbsent(memberOf(claims, 'jti'))) return 'token-jti-not-string';
  const audiences = audiencesOf(memberOf(claims, 'aud'));
  if (audiences === null) return 'token-aud-not-strings';
  return { issuer: issuer ?? '', audiences, notBefore: times['nbf'] ?? 0, expires: times['exp'] ?? 0 };
}

function isStringOrAbsent(value: JsonValue | undefined): boolean {
  return value === undefined || typeof value === 'string';
}

function audiencesOf(value: JsonValue | undefined): readonly string[] | null {
  if (value === undefined) return [];
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return null;
  const strings = value.filter((one): one is string => typeof one === 'string');
  return strings.length === value.length ? strings : null;
}
