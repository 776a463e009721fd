/** A Docker engine of a test's own on loopback that wants client certificates, and those certificates. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { temporaryFolder } from './greenroom.ts';
import { eventually } from './patience.ts';

export interface TlsEngine {
  /** `tcp://127.0.0.1:port`. */
  readonly url: string;
  /** With the `ca.pem`, `cert.pem` and `key.pem` of a client. */
  readonly certificates: string;
  /** The same of an authority that the engine doesn't know. */
  readonly strangers: string;
  stop(): Promise<void>;
}

/** Starts one with a bridge of its own: without any, dockerd removes docker0, which is another engine's. Needs root. */
export async function startTlsEngine(): Promise<TlsEngine> {
  const folder = await temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  makeCertificates(at('good'));
  makeCertificates(at('strange'));
  writeFileSync(at('daemon.json'), '{}');
  const port = await freePort();
  const bridge = `grt${process.pid % 100_000}x${port}`.slice(0, 15);
  execFileSync('ip', ['link', 'add', bridge, 'type', 'bridge']);
  execFileSync('ip', ['addr', 'add', '192.0.2.1/28', 'dev', bridge]);
  execFileSync('ip', ['link', 'set', bridge, 'up']);
  const url = `tcp://127.0.0.1:${port}`;
  const words = ['--data-root', at('data'), '--exec-root', at('run'), '--pidfile', at('pid')];
  words.push('--config-file', at('daemon.json'), '--host', url, '--bridge', bridge);
  words.push('--iptables=false', '--ip6tables=false', '--ip-forward=false');
  words.push('--tlsverify', '--tlscacert', at('good/ca.pem'));
  words.push('--tlscert', at('good/server-cert.pem'), '--tlskey', at('good/server-key.pem'));
  const engine = spawn('dockerd', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  engine.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-20_000)));
  const ended = new Promise((resolve) => engine.once('close', resolve));
  await eventually(
    'the engine listens',
    () => {
      if (engine.exitCode !== null) throw new Error(`dockerd ended with ${engine.exitCode}:\n${said}`);
      return said.includes('API listen on');
    },
    60_000,
  );
  return {
    url,
    certificates: at('good'),
    strangers: at('strange'),
    async stop() {
      engine.kill();
      await ended;
      execFileSync('ip', ['link', 'del', bridge]);
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
