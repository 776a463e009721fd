/** Gateways of a project that runs: real services, real TLS, certificates of files and issued ones, edits of Gateways. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadProject } from '../../mesh/load-project.ts';
import { issueLeaf, issueServerCertificate } from '../../mesh/pki/issuer.ts';
import type { IssuedLeaf } from '../../mesh/pki/leaf.ts';
import type { Session } from '../../mesh/session.ts';
import { startSession } from '../../mesh/start-session.ts';
import { listenLocally } from '../support/local-server.ts';
import { createScene, WEB } from '../support/mtls-listener.ts';

const SERVICE = fileURLToPath(new URL('../support/fixtures/service.js', import.meta.url));
let root = '';
let session: Session | null = null;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'greenroom-gateway-'));
  await mkdir(join(root, 'policies'));
});
afterEach(async () => {
  await session?.stop();
  session = null;
  await rm(root, { recursive: true, force: true });
});

/** `ingress` is the gateway in greenroom.yaml. */
async function project(ingress: string, servers: readonly string[]): Promise<void> {
  const yaml = `apiVersion: greenroom.dev/v1
kind: Mesh
metadata: { name: edge }
spec:
  namespace: shop
  services:
    web: { command: [node, ${JSON.stringify(SERVICE)}], ports: [{ name: http, port: 80, targetPort: 8080 }] }
  gateways: { ingress: { ${ingress.includes('labels:') ? '' : 'labels: { istio: ingress }, '}${ingress} } }
  policies: [./policies]
`;
  await writeFile(join(root, 'greenroom.yaml'), yaml);
  await gateways(servers);
}

async function gateways(servers: readonly string[]): Promise<void> {
  const text = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: public }
spec:
  selector: { istio: ingress }
  servers:
${servers.map((server) => `    - ${server}\n`).join('')}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec: { hosts: ["*"], gateways: [public], http: [{ route: [{ destination: { host: web } }] }] }
`;
  await writeFile(join(root, 'policies', 'gateway.yaml'), text);
}

const https = (port: number, host: string, mode: string, credential: string): string =>
  `{ port: { number: ${port}, name: p${port}-${credential}, protocol: HTTPS }, hosts: [${host}], tls: { mode: ${mode}, credentialName: ${credential} } }`;

/** A Gateway of the Gateway API, served by `ingress`, with one listener of HTTPS and routes for `hostname` alone. */
async function gatewayApi(hostname: string, ...more: readonly string[]): Promise<void> {
  const text = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public }
spec:
  gatewayClassName: istio
  listeners:
    - { name: https, port: 443, protocol: HTTPS, hostname: "*.shop.example", tls: { certificateRefs: [{ name: shop }] } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec: { parentRefs: [{ name: public }], hostnames: [${hostname}], rules: [{ backendRefs: [{ name: web, port: 80 }] }] }
`;
  await writeFile(join(root, 'policies', 'gateway.yaml'), [text, ...more].join('---\n'));
}

async function start(): Promise<Session> {
  const { value: mesh } = await loadProject(root);
  if (!mesh) throw new Error('no mesh');
  const dataDir = join(root, '.data');
  const reload = () => loadProject(root);
  session = await startSession({ mesh, runtime: 'process', dataDir, reload, watch: 'nothing' });
  return session;
}

function door(running: Session, port: number): number | undefined {
  return running.listeners().find((one) => one.instance === 'ingress-0' && one.key === String(port))?.port;
}

interface Caller {
  port: number | undefined;
  host: string;
  roots: readonly string[];
  leaf?: IssuedLeaf;
}

/** The first line of the answer to GET /, once the server has proved to be `host`; null = closed without an answer. */
async function ask({ port = 0, host, roots, leaf }: Caller): Promise<string | null> {
  const own = leaf ? { cert: leaf.certificateChainPem, key: leaf.privateKey.reveal() } : {};
  const socket = tls.connect({ port, servername: host, ca: [...roots], ...own, ALPNProtocols: ['http/1.1'] });
  let text = '';
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
  });
  await once(socket, 'secureConnect');
  socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  await Promise.race([once(socket, 'close'), once(socket, 'error')]);
  socket.destroy();
  return text === '' ? null : text.slice(0, text.indexOf('\r\n'));
}

describe('a gateway that cannot start', () => {
  it('ends the start where its port is taken, and says which and whose', async () => {
    const holder = createServer();
    const port = await listenLocally(holder);
    try {
      await project(`listen: { 443: ${port} }`, [https(443, 'shop.example', 'SIMPLE', 'shop')]);
      await expect(start()).rejects.toMatchObject({
        code: 'snapshot-refused',
        lines: [expect.stringContaining(`127.0.0.1:${port} is taken by another process`)],
      });
    } finally {
      holder.close();
    }
  });
});

describe('a gateway without files', () => {
  it('shows certificates of the session’s root for the names of its servers, and the mesh’s clients where that is said', async () => {
    await project('credentials: { partner: { clientAuthority: mesh } }', [
      https(443, 'shop.example', 'SIMPLE', 'shop'),
      https(443, 'partner.example', 'MUTUAL', 'partner'),
    ]);
    const running = await start();
    const to = { port: door(running, 443), roots: running.trustBundlePem() };
    expect(await ask({ ...to, host: 'shop.example' })).toBe('HTTP/1.1 200 OK');
    const leaf = await running.issueLeaf({ spiffeId: WEB, fault: 'none' });
    expect(await ask({ ...to, host: 'partner.example', leaf })).toBe('HTTP/1.1 200 OK');
    expect(await ask({ ...to, host: 'partner.example' })).toBeNull();
    await running.flush();
    expect(
      running.events({ limit: 100, verdict: 'deny' }).map(({ owner, decision }) => [owner, decision.reason]),
    ).toEqual([['ingress-0', 'no-certificate']]);
  });

  it('is a node of the mesh like any other, which nobody can restart', async () => {
    await project('listen: {}', [https(443, 'shop.example', 'SIMPLE', 'shop')]);
    const running = await start();
    expect(running.state().workloads.find(({ id }) => id === 'ingress')).toMatchObject({
      kind: 'gateway',
      spiffeId: 'spiffe://cluster.local/ns/shop/sa/ingress',
      ports: [{ port: 443, mtls: 'DISABLE' }],
      instances: [{ id: 'ingress-0', status: 'ready' }],
      certificate: { notAfter: expect.any(Number) },
    });
    expect(running.state().snapshot).toMatchObject({ sidecars: 2, acknowledged: 2 });
    await expect(running.act('ingress-0', { kind: 'restart' })).rejects.toMatchObject({ code: 'no-process' });
  });
});

describe('a gateway with files', () => {
  it('shows their certificate, and takes only clients that their ca has signed for', async () => {
    const { root: authority, clock } = await createScene();
    const server = await issueServerCertificate(
      authority,
      { dnsNames: ['shop.example'], ttlMs: 60_000 },
      clock,
    );
    await writeFile(join(root, 'c.pem'), server.certificateChainPem);
    await writeFile(join(root, 'k.pem'), server.privateKey.reveal(), { mode: 0o600 });
    await writeFile(join(root, 'ca.pem'), authority.certificatePem);
    await project('credentials: { shop: { certificate: c.pem, key: k.pem, ca: ca.pem } }', [
      https(443, 'shop.example', 'MUTUAL', 'shop'),
    ]);
    const running = await start();
    const to = { port: door(running, 443), host: 'shop.example', roots: [authority.certificatePem] };
    const theirs = await issueLeaf(authority, { spiffeId: WEB, fault: 'none' }, clock);
    expect(await ask({ ...to, leaf: theirs })).toBe('HTTP/1.1 200 OK');
    const meshes = await running.issueLeaf({ spiffeId: WEB, fault: 'none' });
    expect(await ask({ ...to, leaf: meshes })).toBeNull();
  });
});

describe('a Gateway of the Gateway API', () => {
  const DENY = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: nobody }
spec: { targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: public }], action: DENY, rules: [{}] }
`;

  it('serves its routes’ hosts and no other, over TLS, and an edit opens and closes them', async () => {
    await project('labels: { gateway.networking.k8s.io/gateway-name: public }', []);
    await gatewayApi('web.shop.example');
    const running = await start();
    const to = { port: door(running, 443), roots: running.trustBundlePem() };
    expect(await ask({ ...to, host: 'api.shop.example' })).toBe('HTTP/1.1 404 Not Found');
    expect(await ask({ ...to, host: 'web.shop.example' })).toBe('HTTP/1.1 200 OK');
    await gatewayApi('api.shop.example');
    await running.reloadPolicies();
    expect(await ask({ ...to, host: 'web.shop.example' })).toBe('HTTP/1.1 404 Not Found');
    expect(await ask({ ...to, host: 'api.shop.example' })).toBe('HTTP/1.1 200 OK');
    await gatewayApi('api.shop.example', DENY);
    await running.reloadPolicies();
    expect(await ask({ ...to, host: 'api.shop.example' })).toBe('HTTP/1.1 403 Forbidden');
    await running.flush();
    expect(running.events({ limit: 100 }).findLast(({ owner }) => owner === 'ingress-0')).toMatchObject({
      decision: { verdict: 'deny', matched: { name: 'nobody' } },
    });
  });
});

describe('an edit of Gateways', () => {
  const SHOP = https(443, 'shop.example', 'SIMPLE', 'shop');

  it('opens and closes ports, with certificates for new names', async () => {
    await project('listen: {}', [SHOP]);
    const running = await start();
    await gateways([SHOP, https(8443, 'new.example', 'SIMPLE', 'new')]);
    expect(await running.reloadPolicies()).toMatchObject([
      { code: 'credential-issued' },
      { code: 'credential-issued' },
    ]);
    const roots = running.trustBundlePem();
    expect(await ask({ port: door(running, 8443), host: 'new.example', roots })).toBe('HTTP/1.1 200 OK');
    await gateways([SHOP]);
    await running.reloadPolicies();
    expect(door(running, 8443)).toBeUndefined();
    expect(await ask({ port: door(running, 443), host: 'shop.example', roots })).toBe('HTTP/1.1 200 OK');
  });

  it('that gives a credential another host brings a certificate with its name', async () => {
    await project('listen: {}', [SHOP]);
    const running = await start();
    const roots = running.trustBundlePem();
    await gateways([SHOP, https(443, 'second.example', 'SIMPLE', 'shop').replace('p443', 'second')]);
    await running.reloadPolicies();
    const port = door(running, 443);
    expect(await ask({ port, host: 'second.example', roots })).toBe('HTTP/1.1 200 OK');
    expect(await ask({ port, host: 'shop.example', roots })).toBe('HTTP/1.1 200 OK');
  });

  it('that can’t be served is refused, and what was in force stays so', async () => {
    await project('listen: {}', [SHOP]);
    const running = await start();
    const before = door(running, 443);
    await gateways([SHOP, '{ port: { number: 443, name: plain, protocol: HTTP }, hosts: [plain.example] }']);
    expect((await running.reloadPolicies()).map(({ code }) => code)).toContain('gateway-port-conflict');
    expect(door(running, 443)).toBe(before);
    const roots = running.trustBundlePem();
    expect(await ask({ port: before, host: 'shop.example', roots })).toBe('HTTP/1.1 200 OK');
  });
});
