/**
 * Signatures of tokens, by jose on WebCrypto: nothing else about a token is looked at here. Refuses by `false`; a key
 * that can't be read, or that is of another kind than the algorithm, verifies nothing.
 */
import { base64url, flattenedVerify, type JWK } from 'jose';
import type { SignatureCheck } from '../policy/tokens/verify-token.ts';

/** Whether `key` made the signature over header and payload. */
export async function verifySignature({ jws, key, signature }: SignatureCheck): Promise<boolean> {
  const { alg, kid: _kid, forEncryption: _use, ...material } = key;
  const jwk: JWK = { ...material, alg: alg === '' ? jws.alg : alg };
  const flattened = { protected: jws.header, payload: jws.payload, signature: base64url.encode(signature) };
  // Envoy doesn't look at `crit`; jose refuses names that it isn't told of.
  const crit = Object.fromEntries(jws.crit.map((name) => [name, false]));
  try {
    await flattenedVerify(flattened, jwk, { algorithms: [jws.alg], crit });
    return true;
  } catch {
    return false;
  }
}
