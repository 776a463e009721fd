/** A Docker engine of a test's own on loopback that wants client certificates, and those certificates. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { temporaryFolder } from './greenroom.ts';
import { privateEngine } from './private-engine.ts';

export interface TlsEngine {
  /** `tcp://127.0.0.1:port`. */
  readonly url: string;
  /** With the `ca.pem`, `cert.pem` and `key.pem` of a client. */
  readonly certificates: string;
  /** The same of an authority that the engine doesn't know. */
  readonly strangers: string;
  stop(): Promise<void>;
}

/** Starts one. Needs root, and `openssl` besides what a private engine does. */
export async function startTlsEngine(): Promise<TlsEngine> {
  const folder = await temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  makeCertificates(at('good'));
  makeCertificates(at('strange'));
  const url = `tcp://127.0.0.1:${await freePort()}`;
  const engine = privateEngine({
    door: {
      url,
      authority: at('good/ca.pem'),
      certificate: at('good/server-cert.pem'),
      key: at('good/server-key.pem'),
    },
  });
  await engine.start();
  return {
    url,
    certificates: at('good'),
    strangers: at('strange'),
    async stop() {
      await engine.remove();
      await folder.remove();
    },
  };
}

/** An authority, a server at 127.0.0.1 and a client. */
function makeCertificates(folder: string): void {
  mkdirSync(folder);
  const openssl = (...words: string[]): unknown =>
    execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-days',
    '1',
    '-subj',
    '/CN=test authority',
    '-keyout',
    'ca-key.pem',
    '-out',
    'ca.pem',
  );
  for (const [name, extension] of [
    ['server', 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth'],
    ['client', 'extendedKeyUsage=clientAuth'],
  ] as const) {
    const [own, out] = name === 'client' ? ['key.pem', 'cert.pem'] : ['server-key.pem', 'server-cert.pem'];
    writeFileSync(join(folder, `${name}.ext`), `${extension}\n`);
    openssl('req', ...key, '-subj', `/CN=${name}`, '-keyout', own, '-out', `${name}.csr`);
    openssl(
      'x509',
      '-req',
      '-days',
      '1',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca-key.pem',
      '-CAcreateserial',
      '-extfile',
      `${name}.ext`,
      '-out',
      out,
    );
  }
}
