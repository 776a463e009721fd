/**
 * A listener behind the gate, and clients that attack it with node:tls alone: what the tests of proxy/mtls-gate.ts
 * are made of. Every connection's result is kept; an admitted one is answered with `SERVED`.
 */
import net from 'node:net';
import tls from 'node:tls';
import { issueLeaf } from '../../mesh/pki/issuer.ts';
import type { IssuedLeaf } from '../../mesh/pki/leaf.ts';
import { createRoot, type Root } from '../../mesh/pki/root.ts';
import { createClock, type Clock } from '../../model/clock.ts';
import type { Admitted, GateTimeouts, Refused } from '../../proxy/admission.ts';
import { acceptConnection } from '../../proxy/mtls-gate.ts';
import type { GateProfile, MtlsMode } from '../../proxy/snapshot.ts';
import { createInboundTls, type Credentials } from '../../proxy/tls-material.ts';
import { listenLocally } from './local-server.ts';

export const WEB = 'spiffe://cluster.local/ns/shop/sa/web';
export const ORDERS = 'spiffe://cluster.local/ns/shop/sa/orders';
export const SIDECAR_ALPN = ['istio-http/1.1', 'istio', 'http/1.1'];
export const SERVED = 'served';

export interface Scene {
  root: Root;
  clock: Clock & { move(byMs: number): void };
}

export async function createScene(): Promise<Scene> {
  const clock = createClock(Date.now);
  return { root: await createRoot({ name: 'shop' }, clock), clock };
}

export function credentialsOf(leaf: IssuedLeaf, ...roots: Root[]): Credentials {
  return {
    certificateChainPem: leaf.certificateChainPem,
    privateKeyPem: leaf.privateKey.reveal(),
    trustBundlePem: roots.map(({ certificatePem }) => certificatePem),
  };
}

export interface Listener {
  port: number;
  /** Result of the next connection that hasn't been asked for. */
  next(): Promise<Admitted | Refused>;
  /** What admitted connections sent, in order. */
  received: string[];
  /** What came first on an admitted stream. */
  sentOn(stream: net.Socket): Promise<string>;
  close(): Promise<void>;
}

export interface ListenerRequest {
  mode: MtlsMode;
  protocol?: 'http' | 'tcp';
  profile?: GateProfile;
  alpn?: readonly string[];
  trustDomainAliases?: readonly string[];
  timeouts?: GateTimeouts;
  credentials?: Credentials;
}

export async function listen({ root, clock }: Scene, request: ListenerRequest): Promise<Listener> {
  const {
    mode,
    protocol = 'http',
    profile = 'istio',
    alpn = ['http/1.1'],
    trustDomainAliases = [],
    timeouts,
  } = request;
  const own =
    request.credentials ??
    credentialsOf(await issueLeaf(root, { spiffeId: ORDERS, fault: 'none' }, clock), root);
  const inbound = createInboundTls(own, alpn);
  const gate = {
    profile,
    trustDomain: 'cluster.local',
    trustDomainAliases,
    clock,
    ...(timeouts ? { timeouts } : {}),
  };
  const results: Promise<Admitted | Refused>[] = [];
  const waiting: ((result: Promise<Admitted | Refused>) => void)[] = [];
  const received: string[] = [];
  const sockets = new Set<net.Socket>();
  const first = new Map<net.Socket, PromiseWithResolvers<string>>();
  const firstOn = (stream: net.Socket): PromiseWithResolvers<string> => {
    const known = first.get(stream) ?? Promise.withResolvers<string>();
    first.set(stream, known);
    return known;
  };
  const server = net.createServer((raw) => {
    sockets.add(raw);
    raw.once('close', () => sockets.delete(raw));
    const result = acceptConnection(raw, { mode, protocol, tls: inbound, gate });
    const waiter = waiting.shift();
    if (waiter) waiter(result);
    else results.push(result);
    void result.then((outcome) => {
      if (outcome.kind === 'refused') return;
      outcome.stream.on('error', () => undefined);
      outcome.stream.on('data', (data: Buffer) => {
        received.push(data.toString('latin1'));
        firstOn(outcome.stream).resolve(data.toString('latin1'));
      });
      outcome.stream.write(SERVED);
    });
  });
  const port = await listenLocally(server);
  return {
    port,
    next: () => results.shift() ?? new Promise((resolve) => waiting.push(resolve)),
    received,
    sentOn: (stream) => firstOn(stream).promise,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface ClientEnd {
  /** Everything the server sent in the clear of the tunnel. */
  got: string;
  /** Code of the error that ended it; null = a plain close. */
  error: string | null;
  resumed: boolean;
  /** The newest session the server handed out. */
  session: Buffer | null;
  certificate: tls.PeerCertificate | null;
}

/**
 * One TLS connection of an attacker: sends `send` as soon as it may, reads until it was served or closed.
 * It takes any server and any key size (SECLEVEL 0), as attackers do.
 */
export function tlsClient(
  port: number,
  more: { leaf?: IssuedLeaf; send?: string; session?: Buffer } & tls.ConnectionOptions = {},
): Promise<ClientEnd> {
  const { leaf, send = 'GET / HTTP/1.1\r\n\r\n', ...options } = more;
  return new Promise((resolve) => {
    const end: ClientEnd = { got: '', error: null, resumed: false, session: null, certificate: null };
    const socket = tls.connect({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      ciphers: 'DEFAULT:@SECLEVEL=0',
      ALPNProtocols: SIDECAR_ALPN,
      servername: 'outbound_.80_._.orders.shop.svc.cluster.local',
      ...(leaf ? { cert: leaf.certificateChainPem, key: leaf.privateKey.reveal() } : {}),
      ...options,
    });
    socket.on('session', (session) => {
      end.session = session;
    });
    socket.on('secureConnect', () => {
      end.resumed = socket.isSessionReused();
      end.certificate = socket.getPeerCertificate();
      socket.write(send);
    });
    socket.on('data', (data: Buffer) => {
      end.got += data.toString('latin1');
      if (end.got.includes(SERVED)) socket.end();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      end.error = error.code ?? error.message;
    });
    socket.on('close', () => resolve(end));
  });
}

/** One connection that sends raw bytes and reads until it is served or closed. */
export function rawClient(port: number, bytes: Uint8Array | string): Promise<ClientEnd> {
  return new Promise((resolve) => {
    const end: ClientEnd = { got: '', error: null, resumed: false, session: null, certificate: null };
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (data: Buffer) => {
      end.got += data.toString('latin1');
      if (end.got.includes(SERVED)) socket.end();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      end.error = error.code ?? error.message;
    });
    socket.on('close', () => resolve(end));
  });
}
