/**
 * What the data plane verifies tokens with: the key sets of the snapshot in force, the session's clock, and
 * signatures that are checked once. Keys that the snapshot doesn't hold can't be had here: nothing is fetched.
 */
import { createHash } from 'node:crypto';
import type { SignatureCheck, TokenVerification } from '../policy/tokens/verify-token.ts';
import type { Snapshot } from './snapshot.ts';
import { verifySignature } from './token-signatures.ts';

/** Signatures that are remembered; the oldest is forgotten first. */
const REMEMBERED = 1_000;

/** A checker of signatures that remembers its answers, by digest: no token is kept. */
export function rememberSignatures(
  check: TokenVerification['verifySignature'] = verifySignature,
): TokenVerification['verifySignature'] {
  const known = new Map<string, Promise<boolean>>();
  return (wanted) => {
    const digest = digestOf(wanted);
    const answer = known.get(digest) ?? check(wanted);
    known.delete(digest);
    known.set(digest, answer);
    if (known.size > REMEMBERED) known.delete(known.keys().next().value ?? '');
    return answer;
  };
}

/** Verification by one snapshot. */
export function verificationBy(
  snapshot: Snapshot,
  signatures: TokenVerification['verifySignature'],
): TokenVerification {
  const { keySets = {}, clockOffsetMs } = snapshot;
  return {
    keysAt: async (uri) => (Object.hasOwn(keySets, uri) ? (keySets[uri] ?? null) : null),
    verifySignature: signatures,
    now: () => Math.floor((Date.now() + clockOffsetMs) / 1000),
  };
}

function digestOf({ jws, key, signature }: SignatureCheck): string {
  const hash = createHash('sha256').update(JSON.stringify([jws.header, jws.payload, jws.crit, key]));
  return hash.update(signature).digest('base64');
}
