/**
 * One token by one rule: form, issuer, time, audience, and last its signature, in Envoy's order. Keys and the
 * signature itself come from outside: this folder knows neither sockets nor crypto.
 */
import { type CompactJws, type ParsedToken, parseToken } from './compact-token.ts';
import { comparableAudience } from './audience.ts';
import type { CompiledJwtRule } from './compiled-jwt.ts';
import type { KeySet, VerificationKey } from './key-set.ts';
import type { TokenFault } from './token-status.ts';

/** A signature to be checked with one key. */
export interface SignatureCheck {
  jws: CompactJws;
  key: VerificationKey;
  /** The signature's bytes, as long as the key's kind wants them. */
  signature: Uint8Array;
}

/** What tokens are verified with; injected. */
export interface TokenVerification {
  /** The keys behind a URI; null when they can't be had, and then no token is good. */
  keysAt(uri: string): Promise<KeySet | null>;
  /** Never throws: what can't be checked isn't valid. */
  verifySignature(check: SignatureCheck): Promise<boolean>;
  /** Seconds since 1970, of the session's clock. */
  now(): number;
}

/** Where nothing can be verified: every token is refused. */
export const NO_VERIFICATION: TokenVerification = {
  keysAt: async () => null,
  verifySignature: async () => false,
  now: () => 0,
};

/** Seconds that clocks may differ by; Envoy's default, which Istio keeps. */
const CLOCK_SKEW = 60;

/** The token's claims if it is good by the rule, else its fault. */
export async function verifyToken(
  token: string,
  rule: CompiledJwtRule,
  verification: TokenVerification,
): Promise<ParsedToken | TokenFault> {
  const parsed = parseToken(token);
  if (typeof parsed === 'string') return parsed;
  const fault = claimsFault(parsed, rule, verification.now());
  if (fault !== null) return fault;
  const keys = await keysOf(rule, verification);
  // istiod then hands out a key of which nobody has the other half; it admits every `kid` and `alg`.
  if (keys === null) return 'token-signature-invalid';
  return verifyJws(parsed, keys, verification.verifySignature);
}

/** Tries every key that the token's `kid` and `alg` admit; the token, if one of them made the signature. */
export async function verifyJws<Jws extends CompactJws>(
  jws: Jws,
  keys: KeySet,
  verifySignature: TokenVerification['verifySignature'],
): Promise<Jws | TokenFault> {
  let admitted = false;
  for (const key of keys) {
    if (jws.kid !== '' && key.kid !== '' && key.kid !== jws.kid) continue;
    if (key.alg !== '' && key.alg !== jws.alg) continue;
    admitted = true;
    if (key.kty === 'OKP' && jws.signatureBytes.length !== 64) return 'token-signature-wrong-length';
    const signature = key.kty === 'EC' ? ecdsaSignature(jws.signatureBytes, key.crv) : jws.signatureBytes;
    if (signature === null || !(await verifySignature({ jws, key, signature }))) continue;
    if (jws.strictFault !== null) return jws.strictFault;
    const tolerated = [...jws.tolerated];
    if (signature.length !== jws.signatureBytes.length) tolerated.push('signature-length');
    if (key.forEncryption) tolerated.push('key-for-encryption');
    return { ...jws, tolerated };
  }
  return admitted ? 'token-signature-invalid' : 'token-no-matching-key';
}

const ECDSA_BYTES = { 'P-256': 64, 'P-384': 96, 'P-521': 132 } as const;

/** Envoy halves what it is given, so that one byte too many counts for nothing. Other lengths are refused. */
function ecdsaSignature(bytes: Uint8Array, curve: keyof typeof ECDSA_BYTES): Uint8Array | null {
  const wanted = ECDSA_BYTES[curve];
  if (bytes.length === wanted) return bytes;
  return bytes.length === wanted + 1 ? bytes.slice(0, wanted) : null;
}

function claimsFault(token: ParsedToken, rule: CompiledJwtRule, now: number): TokenFault | null {
  if (rule.issuer !== '' && token.issuer !== rule.issuer) return 'token-unknown-issuer';
  if (now + CLOCK_SKEW < token.notBefore) return 'token-not-yet-valid';
  if (token.expires !== 0 && now > token.expires + CLOCK_SKEW) return 'token-expired';
  if (rule.audiences.length === 0) return null;
  const allowed = token.audiences.some((audience) => rule.audiences.includes(comparableAudience(audience)));
  return allowed ? null : 'token-audience-not-allowed';
}

async function keysOf(rule: CompiledJwtRule, verification: TokenVerification): Promise<KeySet | null> {
  switch (rule.keys.kind) {
    case 'inline':
      return rule.keys.keys;
    case 'uri':
      return verification.keysAt(rule.keys.uri);
    case 'none':
      return null;
  }
}
