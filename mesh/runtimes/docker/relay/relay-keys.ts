/** Keys of one relay's channel: made for it, kept in memory and in its container, gone with it. */
import { generateKeyPairSync } from 'node:crypto';
import ssh2 from 'ssh2';

export interface KeyPair {
  /** PEM (SEC 1), as both OpenSSH and ssh2 read it. */
  privatePem: string;
  /** The public key's blob (RFC 5656, section 3.1). */
  publicBlob: Buffer;
}

/** A fresh pair, ECDSA P-256. */
export function createKeyPair(): KeyPair {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const privatePem = privateKey.export({ type: 'sec1', format: 'pem' }).toString();
  const parsed = ssh2.utils.parseKey(privatePem);
  if (parsed instanceof Error) throw parsed;
  return { privatePem, publicBlob: parsed.getPublicSSH() };
}
