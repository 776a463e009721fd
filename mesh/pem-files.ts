/** Certificates and keys from the project's files. A key is its owner's alone, and never part of a message. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Position, Problem } from '../model/problem.ts';
import { Secret } from '../model/secret.ts';
import { shownPath } from './project-files.ts';

/** A file to read: absolute, what it is in words, and where the project names it. */
export interface PemFile {
  path: string;
  what: string;
  at: Position;
}

export interface KeyPair {
  /** Leaf first. */
  certificateChainPem: string;
  privateKey: Secret;
}

const MAX_BYTES = 1_048_576;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** A certificate with its key, or why they can't be used. */
export async function readKeyPair(certificate: PemFile, key: PemFile): Promise<KeyPair | Problem> {
  const certificateChainPem = await readPem(certificate, 'anybody');
  if (typeof certificateChainPem !== 'string') return certificateChainPem;
  const keyPem = await readPem(key, 'its owner alone');
  if (typeof keyPem !== 'string') return keyPem;
  const leaf = firstCertificate(certificateChainPem);
  if (leaf === null)
    return refused(
      certificate,
      'invalid-certificate',
      `${shownPath(certificate.path)} holds no certificate in PEM`,
    );
  const fits = keyFits(leaf, keyPem);
  if (fits === null)
    return refused(
      key,
      'invalid-key',
      `${shownPath(key.path)} holds no private key in PEM that can be used without a passphrase`,
    );
  if (!fits)
    return refused(
      key,
      'key-mismatch',
      `the key in ${shownPath(key.path)} is not that of the certificate in ${shownPath(certificate.path)}`,
      'the leaf must come first in its file',
    );
  return { certificateChainPem, privateKey: new Secret(keyPem) };
}

/** Certificates of authorities, at least one, each a PEM of its own; or why they can't be used. */
export async function readRoots(file: PemFile): Promise<readonly string[] | Problem> {
  const text = await readPem(file, 'anybody');
  if (typeof text !== 'string') return text;
  const roots = text.match(CERTIFICATE) ?? [];
  if (roots.length === 0 || roots.some((pem) => firstCertificate(pem) === null))
    return refused(file, 'invalid-certificate', `${shownPath(file.path)} holds no certificates in PEM`);
  return roots;
}

function refused({ what, at }: PemFile, code: string, why: string, hint?: string): Problem {
  const message = `${what}: ${why}`;
  return { code, severity: 'error', message, ...(hint === undefined ? {} : { hint }), at };
}

function firstCertificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}

/** null = there is no key. What OpenSSL says of it stays unsaid: it may quote what it read. */
function keyFits(leaf: X509Certificate, pem: string): boolean | null {
  try {
    return leaf.checkPrivateKey(createPrivateKey(pem));
  } catch {
    return null;
  }
}

async function readPem(file: PemFile, readers: 'anybody' | 'its owner alone'): Promise<string | Problem> {
  const shown = shownPath(file.path);
  const refuse = (code: string, why: string, hint?: string): Problem =>
    refused(file, code, `${shown} ${why}`, hint);
  try {
    const opened = await open(file.path);
    try {
      const { size, mode } = await opened.stat();
      if (readers === 'its owner alone' && process.platform !== 'win32' && (mode & 0o077) !== 0)
        return refuse(
          'key-file-open',
          `can be read by others (${(mode & 0o777).toString(8).padStart(4, '0')})`,
          `chmod 600 ${shown}`,
        );
      if (size > MAX_BYTES) return refuse('file-too-large', 'is longer than a megabyte');
      return await opened.readFile('utf8');
    } finally {
      await opened.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT'
      ? refuse('missing-path', 'does not exist')
      : refuse('unreadable-file', `can't be read (${code})`);
  }
}
