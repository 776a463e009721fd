/** DestinationRules with certificates of one's own, in a session: servers outside of the mesh that ask who comes. */
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadProject } from '../../mesh/load-project.ts';
import type { IssuedLeaf } from '../../mesh/pki/leaf.ts';
import type { Session } from '../../mesh/session.ts';
import { startSession } from '../../mesh/start-session.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import {
  fingerprintOf,
  partnerAuthority,
  startAlertingPartner,
  startPartner,
  writeClientFiles,
  type PartnerAuthority,
  type PartnerServer,
} from '../support/client-certificates.ts';
import { describeWith } from '../support/requires.ts';

const SERVICE = fileURLToPath(new URL('../support/fixtures/service.js', import.meta.url));
const FILES = 'clientCertificate: /etc/bank/client.pem, privateKey: /etc/bank/key.pem';
const VERIFIED = `${FILES}, caCertificates: /etc/bank/ca.pem`;
const MOUNTED = '/etc/bank: certs';
const SECRET = 'bank: { certificate: certs/client.pem, key: certs/key.pem, ca: certs/ca.pem }';

let bank: PartnerAuthority;
let stranger: PartnerAuthority;
let own: IssuedLeaf;
let served: IssuedLeaf;
let root = '';
let session: Session | null = null;
let partner: PartnerServer | null = null;
beforeAll(async () => {
  [bank, stranger] = await Promise.all([partnerAuthority(), partnerAuthority()]);
  [own, served] = await Promise.all([bank.client(), bank.server('bank.example')]);
});
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'greenroom-client-certificates-'));
  await mkdir(join(root, 'policies'));
  await writeClientFiles(join(root, 'certs'), own, bank.pem);
});
afterEach(async () => {
  await session?.stop();
  session = null;
  await partner?.close();
  partner = null;
  await rm(root, { recursive: true, force: true });
});

/** greenroom.yaml with a service `web` that is given `web`, a service `other` that is given nothing, and `more`. */
async function project(web: string, more = ''): Promise<void> {
  const run = `command: [node, ${JSON.stringify(SERVICE)}], ports: [{ name: http, port: 80, targetPort: 8080 }]`;
  const yaml = `apiVersion: greenroom.dev/v1
kind: Mesh
metadata: { name: partners }
spec:
  namespace: shop
  services:
    web: { ${run}, credentials: { ${web} } }
    other: { ${run} }
  policies: [./policies]
${more}`;
  await writeFile(join(root, 'greenroom.yaml'), yaml);
}

/** bank.example outside of the mesh, where `at` listens, and how it is reached. */
async function rule(at: Pick<PartnerServer, 'port'>, tls: string, selector = ''): Promise<void> {
  const text = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: bank }
spec:
  hosts: [bank.example]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: 127.0.0.1, ports: { http: ${at.port} } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: bank }
spec:
  host: bank.example
  ${selector}
  trafficPolicy: { tls: { ${tls} } }
`;
  await writeFile(join(root, 'policies', 'bank.yaml'), text);
}

async function start(): Promise<Session> {
  const { value: mesh, problems } = await loadProject(root);
  if (!mesh) throw new Error(JSON.stringify(problems));
  const dataDir = join(root, '.data');
  session = await startSession({
    mesh,
    runtime: 'process',
    dataDir,
    reload: () => loadProject(root),
    watch: 'nothing',
  });
  return session;
}

/** What a service's own request comes to. */
async function ask(running: Session, service = 'web', host = 'bank.example'): Promise<number | undefined> {
  const proxy = running
    .listeners()
    .find(({ instance, key }) => instance === `${service}-0` && key === 'http-proxy');
  const asked = request({
    host: '127.0.0.1',
    port: proxy?.port,
    path: `http://${host}/`,
    headers: { host },
    agent: false,
  }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

async function told(running: Session, service = 'web'): Promise<TrafficEvent['decision'] | undefined> {
  await running.flush();
  return running.events({ limit: 10 }).find(({ owner }) => owner === `${service}-0`)?.decision;
}

describe('a server that asks for certificates', () => {
  it.each([
    ['of files', `mode: MUTUAL, ${VERIFIED}`, MOUNTED, ''],
    [
      'of files that are named one by one',
      `mode: MUTUAL, ${VERIFIED}`,
      '/etc/bank/client.pem: certs/client.pem, /etc/bank/key.pem: certs/key.pem, /etc/bank/ca.pem: certs/ca.pem',
      '',
    ],
    [
      'of a secret',
      'mode: MUTUAL, credentialName: bank',
      SECRET,
      'workloadSelector: { matchLabels: { app: web } }',
    ],
    ['without a look at its own', `mode: MUTUAL, ${FILES}, insecureSkipVerify: true`, MOUNTED, ''],
    ['and is asked for its name', `mode: MUTUAL, ${VERIFIED}, subjectAltNames: [bank.example]`, MOUNTED, ''],
  ])('is shown exactly the one %s', async (_, tls, credentials, selector) => {
    partner = await startPartner(served, bank.pem);
    await project(credentials);
    await rule(partner, tls, selector);
    const running = await start();
    expect(await ask(running)).toBe(200);
    expect(partner.shown).toEqual([fingerprintOf(own)]);
  });

  it.each([
    ['of files', 'caCertificates: /etc/bank/ca.pem', MOUNTED, ''],
    ['of a secret', 'credentialName: bank', 'bank: { ca: certs/ca.pem }', 'workloadSelector: {}'],
    ['of a secret with a certificate', 'credentialName: bank', SECRET, 'workloadSelector: {}'],
  ])('is shown none in mode SIMPLE, and is believed by roots %s', async (_, tls, credentials, selector) => {
    partner = await startPartner(served, null);
    await project(credentials);
    await rule(partner, `mode: SIMPLE, ${tls}`, selector);
    const running = await start();
    expect(await ask(running)).toBe(200);
    expect(partner.shown).toEqual([null]);
  });

  it('that another authority has signed for is refused, with the reason', async () => {
    partner = await startPartner(await stranger.server('bank.example'), bank.pem);
    await project(MOUNTED);
    await rule(partner, `mode: MUTUAL, ${VERIFIED}`);
    const running = await start();
    expect(await ask(running)).toBe(503);
    expect(await told(running)).toMatchObject({
      verdict: 'deny',
      phase: 'mtls',
      reason: expect.stringMatching(/^wrong-peer-identity-/),
      details: expect.stringContaining(
        'CERTIFICATE_VERIFY_FAILED:verify_cert_failed:_X509_verify_cert:_certificate_verification_error_at_depth_0:_unable_to_get_local_issuer_certificate',
      ),
    });
    expect(partner.shown).toEqual([]);
  });

  it('of an authority that this machine doesn’t know is refused with the machine’s own roots', async () => {
    partner = await startPartner(served, bank.pem);
    await project(MOUNTED);
    await rule(partner, `mode: MUTUAL, ${FILES}, caCertificates: system`);
    const running = await start();
    expect(await ask(running)).toBe(503);
    expect(await told(running)).toMatchObject({ verdict: 'deny', phase: 'mtls' });
    expect(partner.shown).toEqual([]);
  });

  it.each([
    ['TLSv1.2', 'handshake-closed'],
    ['TLSv1.3', 'upstream-reset'],
  ] as const)(
    'that hangs up over %s on a client that it doesn’t know is told as %s',
    async (version, reason) => {
      partner = await startPartner(served, stranger.pem, version);
      await project(MOUNTED);
      await rule(partner, `mode: MUTUAL, ${VERIFIED}`);
      const running = await start();
      expect(await ask(running)).toBe(503);
      expect(await told(running)).toMatchObject({ verdict: 'deny', phase: 'upstream', reason });
      expect(partner.shown).toEqual([]);
    },
  );
});

describeWith('openssl', 'a server that refuses a client by an alert', () => {
  it('is told so, with TLS 1.3 after its handshake too', async () => {
    await writeClientFiles(join(root, 'server'), served, stranger.pem);
    const alerting = await startAlertingPartner(join(root, 'server'));
    try {
      await project(MOUNTED);
      await rule(alerting, `mode: MUTUAL, ${VERIFIED}`);
      const running = await start();
      expect(await ask(running)).toBe(503);
      expect(await told(running)).toMatchObject({
        verdict: 'deny',
        phase: 'upstream',
        reason: 'peer-refused-certificate',
      });
    } finally {
      await alerting.close();
    }
  });
});

describe('a sidecar that was given no certificate', () => {
  it('reaches no server that its rule shows one to', async () => {
    partner = await startPartner(served, null);
    await project(MOUNTED);
    await rule(partner, `mode: MUTUAL, ${FILES}, insecureSkipVerify: true`);
    const running = await start();
    expect(await ask(running, 'other')).toBe(503);
    expect(await told(running, 'other')).toMatchObject({
      verdict: 'deny',
      reason: 'secret-not-supplied',
      details: expect.stringContaining('Secret_is_not_supplied_by_SDS'),
    });
    expect(partner.connections).toBe(0);
    expect(await ask(running)).toBe(200);
  });

  it('sends nothing in plaintext where Istio reads a credentialName at gateways only', async () => {
    partner = await startPartner(served, null);
    await project(SECRET, `  gateways: { egress: { credentials: { ${SECRET} } } }\n`);
    await rule(partner, 'mode: MUTUAL, credentialName: bank');
    const running = await start();
    expect(await ask(running)).toBe(503);
    expect(await told(running)).toMatchObject({ verdict: 'deny', reason: 'credential-name-unread' });
    expect(partner.connections).toBe(0);
  });
});

describe('a gateway', () => {
  it('shows servers the certificate of its credential', async () => {
    partner = await startPartner(served, bank.pem);
    await project('', `  gateways: { egress: { credentials: { ${SECRET} } } }\n`);
    await rule(partner, 'mode: MUTUAL, credentialName: bank, sni: bank.example');
    const text = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: egress }
spec:
  selector: { app: egress }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: egress }
spec: { hosts: ["*"], gateways: [egress], http: [{ route: [{ destination: { host: bank.example } }] }] }
`;
    await writeFile(join(root, 'policies', 'egress.yaml'), text);
    const running = await start();
    const door = running.listeners().find(({ instance, key }) => instance === 'egress-0' && key === '80');
    const asked = request({ host: '127.0.0.1', port: door?.port, agent: false }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(200);
    expect(partner.shown).toEqual([fingerprintOf(own)]);
  });
});

describe('the files of a session', () => {
  it('are read again with its policies: a new certificate is shown from then on', async () => {
    partner = await startPartner(served, bank.pem);
    await project(MOUNTED);
    await rule(partner, `mode: MUTUAL, ${VERIFIED}`);
    const running = await start();
    expect(await ask(running)).toBe(200);
    const next = await bank.client();
    await writeClientFiles(join(root, 'certs'), next, bank.pem);
    expect(await running.reloadPolicies()).toEqual([]);
    expect(await ask(running)).toBe(200);
    expect(partner.shown).toEqual([fingerprintOf(own), fingerprintOf(next)]);
  });

  it('may be given with a rule that comes while it runs', async () => {
    partner = await startPartner(served, bank.pem);
    await project('');
    await rule(partner, 'mode: DISABLE');
    const running = await start();
    await project(MOUNTED);
    await rule(partner, `mode: MUTUAL, ${VERIFIED}`);
    expect(await running.reloadPolicies()).toEqual([]);
    expect(await ask(running)).toBe(200);
    expect(partner.shown).toEqual([fingerprintOf(own)]);
  });

  it('stay in force while new ones aren’t fit for use, which is told', async () => {
    partner = await startPartner(served, bank.pem);
    await project(MOUNTED);
    await rule(partner, `mode: MUTUAL, ${VERIFIED}`);
    const running = await start();
    await rm(join(root, 'certs', 'key.pem'));
    expect(await running.reloadPolicies()).toMatchObject([{ code: 'missing-path', severity: 'error' }]);
    expect(await ask(running)).toBe(200);
    expect(partner.shown).toEqual([fingerprintOf(own)]);
  });

  it('leave their key nowhere: neither in events nor in what is written', async () => {
    partner = await startPartner(served, bank.pem);
    await project(`${MOUNTED}, ${SECRET}`);
    await rule(partner, `mode: MUTUAL, ${VERIFIED}`);
    const running = await start();
    expect(await ask(running)).toBe(200);
    await running.flush();
    const [, line = ''] = own.privateKey.reveal().split('\n');
    expect(line.length).toBeGreaterThan(40);
    const said = [running.events({ limit: 10 }), running.state(), running.mesh];
    expect(said[0]).not.toEqual([]);
    expect(JSON.stringify(said)).not.toContain(line);
    await running.stop();
    const written = await readdir(join(root, '.data'), { recursive: true, withFileTypes: true });
    const files = written.filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(0);
    for (const { parentPath, name } of files)
      expect((await readFile(join(parentPath, name))).includes(line), name).toBe(false);
  });
});
