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
  // Envoy doesn't look at `crit`; jose refuses names that it isn't told of, or that the header lacks.
  const crit = Object.fromEntries(jws.crit.map((name) => [name, false]));
  try {
    const header = lackedNames(jws);
    const told = Object.keys(header).length > 0 ? { ...flattened, header } : flattened;
    await flattenedVerify(told, jwk, { algorithms: [jws.alg], crit });
    return true;
  } catch {
    return false;
  }
}

/** The names under `crit` that the header has no member for; the header is JSON, or the token was refused before. */
function lackedNames({ crit, header }: SignatureCheck['jws']): Record<string, true> {
  if (crit.length === 0) return {};
  const members: unknown = JSON.parse(new TextDecoder().decode(base64url.decode(header)));
  const lacked = crit.filter((name) => !Object.hasOwn(Object(members), name));
  return Object.fromEntries(lacked.map((name) => [name, true]));
}
