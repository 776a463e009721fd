/**
 * What gateways show their clients: certificates and keys from the project's files, checked before anything listens.
 * A key is its owner's alone, and never part of a message.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { CredentialFiles, MeshGateway } from '../model/mesh.ts';
import type { Problem } from '../model/problem.ts';
import { Secret } from '../model/secret.ts';
import { shownPath } from './project-files.ts';

export interface GatewayCredential {
  /** Leaf first. */
  certificateChainPem: string;
  privateKey: Secret;
  /** Who signs for clients, `mesh`: its own roots; null = nobody, so servers that ask for clients' certificates have none to show. */
  clientRootsPem: readonly string[] | 'mesh' | null;
}

/** By `credentialName`. */
export type GatewayCredentials = Readonly<Record<string, GatewayCredential>>;

const MAX_BYTES = 1_048_576;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Credentials by gateway id, of all files that are fit for use; the others are problems at their place in greenroom.yaml. */
export async function readGatewayCredentials(
  gateways: readonly MeshGateway[],
): Promise<{ credentials: Map<string, Record<string, GatewayCredential>>; problems: Problem[] }> {
  const credentials = new Map<string, Record<string, GatewayCredential>>();
  const problems: Problem[] = [];
  for (const gateway of gateways) {
    const own: Record<string, GatewayCredential> = {};
    credentials.set(gateway.id, own);
    for (const [name, files] of Object.entries(gateway.credentials)) {
      const read = await readCredential(name, files);
      if ('code' in read) problems.push(read);
      else own[name] = read;
    }
  }
  return { credentials, problems };
}

async function readCredential(name: string, files: CredentialFiles): Promise<GatewayCredential | Problem> {
  const refuse = (code: string, message: string, hint?: string): Problem => ({
    code,
    severity: 'error',
    message: `credential ${name}: ${message}`,
    ...(hint === undefined ? {} : { hint }),
    at: files.at,
  });
  const texts: Record<string, string> = {};
  for (const part of ['certificate', 'key', 'ca'] as const) {
    const path = files[part];
    if (path === null) continue;
    const text = await readPem(path, part === 'key' ? 'its owner alone' : 'anybody');
    if ('why' in text) return refuse(text.code, `${shownPath(path)} ${text.why}`, text.hint);
    texts[part] = text.text;
  }
  const { certificate = '', key = '', ca } = texts;
  const leaf = firstCertificate(certificate);
  if (leaf === null)
    return refuse('invalid-certificate', `${shownPath(files.certificate)} holds no certificate in PEM`);
  const roots = ca === undefined ? null : (ca.match(CERTIFICATE) ?? []);
  if (roots?.some((pem) => firstCertificate(pem) === null) || roots?.length === 0)
    return refuse('invalid-certificate', `${shownPath(files.ca ?? '')} holds no certificates in PEM`);
  const fits = keyFits(leaf, key);
  if (fits === null)
    return refuse(
      'invalid-key',
      `${shownPath(files.key)} holds no private key in PEM that can be used without a passphrase`,
    );
  if (!fits)
    return refuse(
      'key-mismatch',
      `the key in ${shownPath(files.key)} is not that of the certificate in ${shownPath(files.certificate)}`,
      'the leaf must come first in its file',
    );
  return { certificateChainPem: certificate, privateKey: new Secret(key), clientRootsPem: roots };
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

type Pem = { text: string } | { code: string; why: string; hint?: string };

async function readPem(path: string, readers: 'anybody' | 'its owner alone'): Promise<Pem> {
  try {
    const file = await open(path);
    try {
      const { size, mode } = await file.stat();
      if (readers === 'its owner alone' && process.platform !== 'win32' && (mode & 0o077) !== 0)
        return {
          code: 'key-file-open',
          why: `can be read by others (${(mode & 0o777).toString(8).padStart(4, '0')})`,
          hint: `chmod 600 ${shownPath(path)}`,
        };
      if (size > MAX_BYTES) return { code: 'file-too-large', why: 'is longer than a megabyte' };
      return { text: await file.readFile('utf8') };
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT'
      ? { code: 'missing-path', why: 'does not exist' }
      : { code: 'unreadable-file', why: `can't be read (${code})` };
  }
}
