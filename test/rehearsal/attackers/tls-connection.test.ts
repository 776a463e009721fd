/** An attacker must be able to present what the mesh shall refuse: each faulty certificate really reaches the server. */
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CERTIFICATE_FAULTS } from '../../../mesh/pki/leaf.ts';
import { issueLeaf } from '../../../mesh/pki/issuer.ts';
import { createRoot, type Root } from '../../../mesh/pki/root.ts';
import { createClock } from '../../../model/clock.ts';
import { openConnection } from '../../../rehearsal/attackers/connect.ts';
import { exchange } from '../../../rehearsal/attackers/exchange.ts';
import { writeRequest } from '../../../rehearsal/attackers/http-request.ts';
import { handshake, type AttackTls } from '../../../rehearsal/attackers/tls-connection.ts';

const clock = createClock(Date.now);
const spiffeId = 'spiffe://cluster.local/ns/shop/sa/web';
const bytes = writeRequest({ method: 'GET', target: '/', host: 'x', headers: {}, body: null });
const never = new AbortController().signal;
let root: Root;
let port = 0;
const seen: {
  servername: unknown;
  alpn: unknown;
  subjectAltName: string | undefined;
  hasCertificate: boolean;
}[] = [];
const sockets = new Set<TLSSocket>();
/** What the server does once the handshake is done. */
let afterHandshake: (socket: TLSSocket) => void = () => undefined;
let server: ReturnType<typeof createServer>;

beforeAll(async () => {
  root = await createRoot({ name: 'test' }, clock);
  const leaf = await issueLeaf(
    root,
    { spiffeId: 'spiffe://cluster.local/ns/shop/sa/server', fault: 'none' },
    clock,
  );
  const material = {
    key: leaf.privateKey.reveal(),
    cert: leaf.certificateChainPem,
    ciphers: 'DEFAULT@SECLEVEL=0',
  };
  server = createServer(
    { ...material, requestCert: true, rejectUnauthorized: false, ALPNProtocols: ['istio'] },
    (socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
      const certificate = socket.getPeerX509Certificate();
      seen.push({
        servername: socket.servername,
        alpn: socket.alpnProtocol,
        subjectAltName: certificate?.subjectAltName,
        hasCertificate: certificate !== undefined,
      });
      afterHandshake(socket);
    },
  );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

async function attack(tls: AttackTls, signal: AbortSignal = never) {
  const socket = await openConnection({ host: '127.0.0.1', port }, async () => undefined, signal);
  const shaken = await handshake(socket, tls, signal);
  if (shaken.kind === 'closed') return shaken;
  return await exchange(shaken.stream, bytes, 'GET', signal);
}

const answers = (socket: TLSSocket): void => {
  socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
};

describe("an attacker's TLS", () => {
  it('tells of a server that hangs up after the handshake, when it has seen the certificate', async () => {
    afterHandshake = (socket) => socket.destroy();
    expect(await attack({ certificate: null, alpn: ['istio'], serverName: 'x' })).toMatchObject({
      kind: 'closed',
    });
  });

  it('tells of a server that shares no protocol with it', async () => {
    expect(await attack({ certificate: null, alpn: ['h3'], serverName: 'x' })).toMatchObject({
      kind: 'closed',
      error: expect.stringMatching(/ALPN|ALERT|ECONNRESET/i),
    });
  });

  it('gives up when its time is over', async () => {
    const timeout = AbortSignal.timeout(50);
    afterHandshake = () => undefined;
    await expect(attack({ certificate: null, alpn: ['istio'], serverName: 'x' }, timeout)).rejects.toThrow(
      /timeout/,
    );
  });

  it('presents no certificate when it has none, with the server name and protocol asked for', async () => {
    afterHandshake = answers;
    const serverName = 'outbound_.80_._.payments.billing.svc.cluster.local';
    expect(await attack({ certificate: null, alpn: ['istio'], serverName })).toMatchObject({
      kind: 'response',
      response: { status: 200 },
    });
    expect(seen.at(-1)).toEqual({
      servername: serverName,
      alpn: 'istio',
      subjectAltName: undefined,
      hasCertificate: false,
    });
  });

  it.each(CERTIFICATE_FAULTS)('presents a certificate with the fault %s', async (fault) => {
    afterHandshake = answers;
    const leaf = await issueLeaf(root, { spiffeId, fault }, clock);
    const certificate = { chainPem: leaf.certificateChainPem, privateKey: leaf.privateKey };
    expect(await attack({ certificate, alpn: ['istio'], serverName: 'x' })).toMatchObject({
      kind: 'response',
    });
    expect(seen.at(-1)?.hasCertificate).toBe(true);
  });
});

describe("an attacker's connection", () => {
  it('sends nothing before it is introduced', async () => {
    afterHandshake = answers;
    const before = seen.length;
    const refused = openConnection(
      { host: '127.0.0.1', port },
      async () => Promise.reject(new Error('unknown here')),
      never,
    );
    await expect(refused).rejects.toThrow('unknown here');
    expect(seen).toHaveLength(before);
  });

  it('says when nobody listens', async () => {
    await expect(
      openConnection({ host: '127.0.0.1', port: 1 }, async () => undefined, never),
    ).rejects.toThrow(/ECONNREFUSED/);
  });
});
