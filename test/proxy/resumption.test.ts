/**
 * Why no session is resumed (docs/decisions/0003): what Node tells of a resumed session. Each test holds one fact that
 * a gate would have to live with; when one of them fails, Node has changed, and the decision can be looked at again.
 */
import { once } from 'node:events';
import type net from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { issueLeaf } from '../../mesh/pki/issuer.ts';
import { createRoot, type Root } from '../../mesh/pki/root.ts';
import { createClock } from '../../model/clock.ts';
import type { Admitted, Refused } from '../../proxy/admission.ts';
import { connectUpstream } from '../../proxy/mtls-gate.ts';
import { createUpstreamTls, type UpstreamTls } from '../../proxy/tls-material.ts';

const WEB = 'spiffe://cluster.local/ns/shop/sa/web';
const ORDERS = 'spiffe://cluster.local/ns/shop/sa/orders';
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
type Version = (typeof VERSIONS)[number];
/** Tickets that both servers of a test can read. */
const TICKET_KEYS = Buffer.alloc(48, 7);

let root: Root;
let next: Root;
let web: tls.SecureContextOptions;
let orders: tls.SecureContextOptions;
const servers: tls.Server[] = [];

beforeAll(async () => {
  const clock = createClock(() => Date.now());
  [root, next] = await Promise.all([
    createRoot({ name: 'root' }, clock),
    createRoot({ name: 'next' }, clock),
  ]);
  const leaf = async (spiffeId: string): Promise<tls.SecureContextOptions> => {
    const issued = await issueLeaf(root, { spiffeId, fault: 'none' }, clock);
    return { cert: issued.certificateChainPem, key: issued.privateKey.reveal() };
  };
  [web, orders] = await Promise.all([leaf(WEB), leaf(ORDERS)]);
});

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    await once(server, 'close');
  }
});

/** What one side knows of the other. */
interface Seen {
  resumed: boolean;
  authorized: boolean;
  peer: string | null;
  issuer: boolean;
}

function seenBy(socket: tls.TLSSocket): Seen {
  const peer = socket.getPeerX509Certificate();
  return {
    resumed: socket.isSessionReused(),
    authorized: socket.authorized,
    peer: peer?.subjectAltName ?? null,
    issuer: peer?.issuerCertificate !== undefined,
  };
}

/** A server with tickets, which trusts `ca`; it tells every client what it sees of it. */
async function serve(ca: Root): Promise<net.AddressInfo> {
  const server = tls.createServer(
    {
      ...orders,
      ca: ca.certificatePem,
      requestCert: true,
      rejectUnauthorized: false,
      ticketKeys: TICKET_KEYS,
    },
    (socket) => {
      socket.on('error', () => undefined);
      socket.end(JSON.stringify(seenBy(socket)));
    },
  );
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address() as net.AddressInfo;
}

interface Visit {
  client: Seen;
  server: Seen;
  session: Buffer | null;
}

async function visit(
  { port }: net.AddressInfo,
  version: Version,
  credentials: tls.SecureContextOptions,
  session: Buffer | null = null,
): Promise<Visit> {
  const socket = tls.connect({
    host: '127.0.0.1',
    port,
    ca: root.certificatePem,
    maxVersion: version,
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...credentials,
    ...(session === null ? {} : { session }),
  });
  let given: Buffer | null = null;
  socket.on('session', (ticket: Buffer) => {
    given = ticket;
  });
  await once(socket, 'secureConnect');
  const client = seenBy(socket);
  let told = '';
  for await (const chunk of socket) told += String(chunk);
  return { client, server: JSON.parse(told) as Seen, session: given };
}

describe.each(VERSIONS)('a resumed session of %s', (version) => {
  it('shows the client no certificate of the server, and calls the server authorized', async () => {
    const at = await serve(root);
    const first = await visit(at, version, web);
    expect(first.client).toMatchObject({ resumed: false, authorized: true, peer: `URI:${ORDERS}` });
    const again = await visit(at, version, web, first.session);
    expect(again.client).toEqual({ resumed: true, authorized: true, peer: null, issuer: false });
  });

  it('is authorized by a server that no longer trusts the root of the client', async () => {
    const first = await visit(await serve(root), version, web);
    const again = await visit(await serve(next), version, web, first.session);
    expect(again.server).toMatchObject({ resumed: true, authorized: true, peer: `URI:${WEB}` });
    const full = await visit(await serve(next), version, web);
    expect(full.server).toMatchObject({ resumed: false, authorized: false });
  });

  it('shows the server the leaf of the client without its chain', async () => {
    const at = await serve(root);
    const first = await visit(at, version, web);
    expect(first.server).toMatchObject({ peer: `URI:${WEB}`, issuer: true });
    const again = await visit(at, version, web, first.session);
    expect(again.server).toMatchObject({ resumed: true, peer: `URI:${WEB}`, issuer: false });
  });

  it('has the identity of the one who began it, though who resumes it has no certificate', async () => {
    const at = await serve(root);
    const first = await visit(at, version, web);
    const bare = await visit(at, version, {}, first.session);
    expect(bare.server).toMatchObject({ resumed: true, authorized: true, peer: `URI:${WEB}` });
  });
});

describe('a sidecar towards a server that offers tickets', () => {
  it('makes a full handshake each time, and sees the certificate each time', async () => {
    const { port } = await serve(root);
    const material = createUpstreamTls({
      certificateChainPem: String(web.cert),
      privateKeyPem: String(web.key),
      trustBundlePem: [root.certificatePem],
    });
    const results = [await dial(port, material), await dial(port, material)];
    for (const result of results)
      expect(result).toMatchObject({ kind: 'admitted', spiffeId: ORDERS, tls: { resumed: false } });
  });
});

/** As a sidecar connects; the connection is read to its end, tickets included. */
async function dial(port: number, material: UpstreamTls): Promise<Admitted | Refused> {
  const result = await connectUpstream({
    host: '127.0.0.1',
    port,
    gate: {
      profile: 'istio',
      trustDomain: 'cluster.local',
      trustDomainAliases: [],
      clock: createClock(() => Date.now()),
    },
    security: { kind: 'mtls', tls: material, sni: 'orders', alpn: ['istio'], expectedSpiffeIds: [ORDERS] },
  });
  if (result.kind === 'admitted') for await (const _chunk of result.stream);
  return result;
}
