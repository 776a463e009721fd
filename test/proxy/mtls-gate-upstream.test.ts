import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { issueLeaf } from '../../mesh/pki/issuer.ts';
import { CERTIFICATE_FAULTS, type CertificateFault, type IssuedLeaf } from '../../mesh/pki/leaf.ts';
import { connectUpstream, UPSTREAM_ALPN, upstreamSni, type UpstreamContext } from '../../proxy/mtls-gate.ts';
import type { GateProfile } from '../../proxy/snapshot.ts';
import { createUpstreamTls, type UpstreamTls } from '../../proxy/tls-material.ts';
import { listenLocally } from '../support/local-server.ts';
import {
  createScene,
  credentialsOf,
  listen,
  ORDERS,
  SERVED,
  WEB,
  type Listener,
  type Scene,
} from '../support/mtls-listener.ts';

let scene: Scene;
let client: UpstreamTls;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  scene = await createScene();
  client = createUpstreamTls(
    credentialsOf(await issueLeaf(scene.root, { spiffeId: WEB, fault: 'none' }, scene.clock), scene.root),
  );
});

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function contextFor(
  port: number,
  more: {
    profile?: GateProfile;
    expected?: string[];
    handshakeMs?: number;
    security?: UpstreamContext['security'];
  } = {},
): UpstreamContext {
  const { profile = 'istio', expected = [ORDERS], handshakeMs = 10_000 } = more;
  return {
    host: '127.0.0.1',
    port,
    gate: {
      profile,
      trustDomain: 'cluster.local',
      trustDomainAliases: [],
      clock: scene.clock,
      timeouts: { clientHelloMs: 10_000, handshakeMs },
    },
    security: more.security ?? {
      kind: 'mtls',
      tls: client,
      sni: upstreamSni('orders.shop.svc.cluster.local', 80),
      alpn: UPSTREAM_ALPN.http,
      expectedSpiffeIds: expected,
    },
  };
}

/** A server that shows any certificate at all, and records what it was sent. */
async function impostor(leaf: IssuedLeaf): Promise<{ port: number; received: () => string }> {
  let received = '';
  const sockets = new Set<net.Socket>();
  const server = tls.createServer(
    { cert: leaf.certificateChainPem, key: leaf.privateKey.reveal(), ciphers: 'DEFAULT:@SECLEVEL=0' },
    (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data: Buffer) => {
        received += data.toString('latin1');
      });
    },
  );
  server.on('connection', (socket: net.Socket) => sockets.add(socket));
  const port = await listenLocally(server);
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port, received: () => received };
}

async function ours(): Promise<Listener> {
  const listener = await listen(scene, { mode: 'PERMISSIVE' });
  closers.push(() => listener.close());
  return listener;
}

const VERDICTS: Record<Exclude<CertificateFault, 'server-auth-only'>, [istio: string, spiffe: string]> = {
  none: ['ok', 'ok'],
  'rogue-ca': ['unknown-authority', 'unknown-authority'],
  'self-signed': ['self-signed', 'self-signed'],
  expired: ['expired', 'expired'],
  'not-yet-valid': ['not-yet-valid', 'not-yet-valid'],
  'foreign-trust-domain': ['foreign-trust-domain', 'foreign-trust-domain'],
  'upper-case-trust-domain': ['foreign-trust-domain', 'foreign-trust-domain'],
  'no-uri-san': ['no-spiffe-id', 'no-spiffe-id'],
  'workload-minted': ['unknown-authority', 'unknown-authority'],
  'two-uri-sans': ['ok', 'several-uri-sans'],
  'no-eku': ['ok', 'no-extended-key-usage'],
  'ca-true': ['ok', 'ca-certificate'],
  'key-cert-sign': ['ok', 'signing-certificate'],
  'rsa-1024': ['ok', 'weak-key'],
};

describe('the client side', () => {
  for (const fault of CERTIFICATE_FAULTS) {
    if (fault === 'server-auth-only') continue;
    for (const [index, profile] of (['istio', 'spiffe'] as const).entries()) {
      const verdict = VERDICTS[fault][index];
      it(`${verdict === 'ok' ? 'takes' : `refuses as ${verdict}:`} a server's certificate with fault ${fault}, profile ${profile}`, async () => {
        const server = await impostor(await issueLeaf(scene.root, { spiffeId: ORDERS, fault }, scene.clock));
        const result = await connectUpstream(contextFor(server.port, { profile }));
        if (verdict === 'ok') {
          if (result.kind === 'refused') throw new Error(result.message);
          expect(result.spiffeId).toBe(ORDERS);
          result.stream.destroy();
          return;
        }
        expect(result).toMatchObject({
          kind: 'refused',
          reason: verdict,
          details: 'tls: CERTIFICATE_VERIFY_FAILED',
        });
        expect(server.received()).toBe('');
      });
    }
  }

  it('refuses a good certificate of another workload: secure naming', async () => {
    const server = await impostor(
      await issueLeaf(
        scene.root,
        { spiffeId: 'spiffe://cluster.local/ns/shop/sa/reviews', fault: 'none' },
        scene.clock,
      ),
    );
    expect(await connectUpstream(contextFor(server.port))).toMatchObject({
      kind: 'refused',
      reason: 'unexpected-identity',
    });
    expect(server.received()).toBe('');
  });

  it('refuses everybody where nobody is expected', async () => {
    const listener = await ours();
    expect(await connectUpstream(contextFor(listener.port, { expected: [] }))).toMatchObject({
      kind: 'refused',
      reason: 'unexpected-identity',
    });
  });

  it('says connect-failed where nobody listens', async () => {
    const server = net.createServer();
    const port = await listenLocally(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await connectUpstream(contextFor(port))).toMatchObject({
      kind: 'refused',
      reason: 'connect-failed',
    });
  });

  it('refuses a server that answers the hello in plaintext, or not at all', async () => {
    for (const [answer, reason] of [
      ['HTTP/1.1 400 Bad Request\r\n\r\n', /tls-version|handshake-failed/],
      [null, /handshake-timeout/],
    ] as const) {
      const server = net.createServer((socket) => {
        socket.on('error', () => undefined).resume();
        if (answer) socket.write(answer);
      });
      const port = await listenLocally(server);
      const result = await connectUpstream(contextFor(port, { handshakeMs: answer ? 10_000 : 50 }));
      expect(result.kind === 'refused' && result.reason).toMatch(reason);
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('tells the socket before its first byte, so that its source can be declared', async () => {
    const listener = await ours();
    let written = -1;
    const result = await connectUpstream({
      ...contextFor(listener.port),
      connected: (raw) => {
        written = raw.bytesWritten;
      },
    });
    expect(written).toBe(0);
    if (result.kind === 'refused') throw new Error(result.message);
    result.stream.destroy();
  });

  it('is recognized as a sidecar by a PERMISSIVE port, and both sides know each other', async () => {
    const listener = await ours();
    const [server, result] = await Promise.all([listener.next(), connectUpstream(contextFor(listener.port))]);
    expect(server).toMatchObject({ kind: 'admitted', chain: 'mtls', spiffeId: WEB });
    expect(server.tls).toMatchObject({
      sni: 'outbound_.80_._.orders.shop.svc.cluster.local',
      alpn: 'http/1.1',
    });
    if (result.kind === 'refused') throw new Error(result.message);
    expect(result).toMatchObject({
      chain: 'mtls',
      spiffeId: ORDERS,
      tls: { alpn: 'http/1.1', resumed: false },
    });
    const [data] = (await once(result.stream, 'data')) as [Buffer];
    expect(data.toString()).toBe(SERVED);
    result.stream.destroy();
  });

  it('connects in plaintext where it is told to', async () => {
    const listener = await ours();
    const result = await connectUpstream(contextFor(listener.port, { security: { kind: 'plaintext' } }));
    if (result.kind === 'refused') throw new Error(result.message);
    expect(result).toMatchObject({ chain: 'plaintext', spiffeId: null, tls: null });
    result.stream.end('GET / HTTP/1.1\r\n\r\n');
    expect(await listener.next()).toMatchObject({ chain: 'plaintext' });
    result.stream.destroy();
  });
});
