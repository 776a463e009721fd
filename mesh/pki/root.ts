/**
 * The root CA of one project: made once, kept in the user's data folder, readable by the user alone.
 * Refuses a root whose file others can read: a key that was exposed is no secret any more.
 */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { link, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../model/clock.ts';
import { EnvironmentError } from '../../model/environment-error.ts';
import { Secret } from '../../model/secret.ts';
import { makeFolder } from '../make-folder.ts';
import { generateEcKeyPair, issueCertificate, keyIdOf, type Signer } from './x509.ts';

export interface Root {
  certificatePem: string;
  privateKey: Secret;
  notBefore: number;
  notAfter: number;
}

export interface RootRequest {
  /** Shown in the subject, so that a person can tell roots apart: the mesh's name. */
  name: string;
  /** Default ten years. */
  ttlMs?: number;
}

const TEN_YEARS_MS = 10 * 365 * 24 * 60 * 60 * 1000;
/** A day back: OpenSSL and the session's clock may disagree a little, and a rehearsal may step back. */
const BACKDATE_MS = 24 * 60 * 60 * 1000;
const FILE = 'root.pem';

/** Makes a root in memory. */
export async function createRoot({ name, ttlMs = TEN_YEARS_MS }: RootRequest, clock: Clock): Promise<Root> {
  const keys = await generateEcKeyPair();
  const subject = { organization: 'Greenroom', commonName: `${name} root` };
  const wallMs = clock.now() - clock.offsetMs();
  const plan = {
    subject,
    publicKey: keys.publicKey,
    notBefore: Math.min(wallMs, clock.now()) - BACKDATE_MS,
    notAfter: Math.max(wallMs, clock.now()) + ttlMs,
    ca: true,
    keyUsage: ['keyCertSign', 'cRLSign'] as const,
    extendedKeyUsage: null,
    uriSans: [],
  };
  const certificatePem = issueCertificate(plan, {
    privateKey: keys.privateKey,
    subject,
    keyId: keyIdOf(keys.publicKey),
  });
  return rootOf(certificatePem, keys.privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

/** The root kept in `folder`; made there at the first call. Two sessions that start at once get the same one. */
export async function loadRoot(folder: string, request: RootRequest, clock: Clock): Promise<Root> {
  makeFolder(folder, 0o700);
  await refuseReadableByOthers(folder);
  const path = join(folder, FILE);
  const kept = await readKept(path, clock);
  if (kept) return kept;
  await writeOnce(path, await createRoot(request, clock));
  const written = await readKept(path, clock);
  if (!written) throw new EnvironmentError('root-unreadable', `the root certificate vanished from ${path}`);
  return written;
}

/** The root as somebody who signs. */
export function signerOf(root: Root): Signer {
  const certificate = new X509Certificate(root.certificatePem);
  const name = (field: string) => new RegExp(`^${field}=(.*)$`, 'm').exec(certificate.subject)?.[1] ?? '';
  return {
    privateKey: createPrivateKey(root.privateKey.reveal()),
    subject: { organization: name('O'), commonName: name('CN') },
    keyId: keyIdOf(certificate.publicKey),
  };
}

function rootOf(certificatePem: string, privateKeyPem: string | Buffer): Root {
  const { validFromDate, validToDate } = new X509Certificate(certificatePem);
  return {
    certificatePem,
    privateKey: new Secret(privateKeyPem.toString()),
    notBefore: validFromDate.getTime(),
    notAfter: validToDate.getTime(),
  };
}

async function readKept(path: string, clock: Clock): Promise<Root | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new EnvironmentError('root-unreadable', `cannot read the mesh's root certificate at ${path}`, {
      cause: error,
    });
  }
  await refuseReadableByOthers(path);
  const root = parseKept(text, path);
  if (clock.now() - clock.offsetMs() >= root.notAfter) {
    throw new EnvironmentError('root-expired', `the mesh's root certificate at ${path} has expired`, {
      hint: `remove ${path}; the next start makes a new one`,
    });
  }
  return root;
}

function parseKept(text: string, path: string): Root {
  const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/.exec(text)?.[0];
  const key = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n?/.exec(text)?.[0];
  try {
    if (!certificate || !key) throw new Error('a certificate and a private key are expected');
    const mine = createPublicKey(key).equals(new X509Certificate(certificate).publicKey);
    if (!mine) throw new Error("the private key is not the certificate's");
    return rootOf(certificate, key);
  } catch (error) {
    throw new EnvironmentError('root-unreadable', `${path} is not a root certificate with its key`, {
      hint: `remove ${path}; the next start makes a new one`,
      cause: error,
    });
  }
}

/** Written whole beside its place and linked into it: whoever comes second finds the first one's. */
async function writeOnce(path: string, root: Root): Promise<void> {
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(root.certificatePem + root.privateKey.reveal());
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function refuseReadableByOthers(path: string): Promise<void> {
  // Windows has no such bits; there the user's profile folder protects.
  if (process.platform === 'win32') return;
  const mode = (await stat(path)).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    throw new EnvironmentError(
      'root-exposed',
      `${path} can be read by other users of this machine (mode ${mode.toString(8)})`,
      {
        hint: 'remove it; the next start makes a new one that only you can read',
      },
    );
  }
}
