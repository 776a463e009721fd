/**
 * The only way from a raw socket to the next stage. Owns the order: filter chain by ClientHello, handshake, gate.
 * Gateways have a gate of their own (`gateway/gateway-gate.ts`).
 */
import net from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { judgeCertificate } from '../wire/certificate-gate.ts';
import { chooseFilterChain } from '../wire/filter-chain.ts';
import {
  admit,
  type Admitted,
  close,
  DEFAULT_TIMEOUTS,
  type GateSettings,
  helloFacts,
  NO_CERTIFICATE,
  type Refused,
  rulesOf,
  type Secured,
  swallow,
  VERIFY_FAILED,
  within,
} from './admission.ts';
import { atTheGate, hear, shakeHands } from './gate-steps.ts';
import { handshakeReason } from './handshake-reason.ts';
import { peerCertificateOf, tlsFactsOf } from './peer-certificate.ts';
import type { MtlsMode } from './snapshot.ts';
import type { InboundTls, UpstreamTls } from './tls-material.ts';

export interface InboundContext {
  mode: MtlsMode;
  /** `tcp` is everything that isn't parsed as HTTP. */
  protocol: 'http' | 'tcp';
  tls: InboundTls;
  gate: GateSettings;
}

/**
 * Decides about a connection that a listener accepted; nobody may have read from it. Never throws: whatever goes
 * wrong is a refusal, and the socket is closed then.
 */
export function acceptConnection(raw: net.Socket, context: InboundContext): Promise<Admitted | Refused> {
  return atTheGate(raw, () => admitInbound(raw, context));
}

/** A listener that has its hands full of connections which say nothing: this one is closed unheard. */
export function refuseUnheard(raw: net.Socket): Refused {
  return close(
    raw,
    'too-many-handshakes',
    'too many connections of this listener have not shown yet what they are',
  );
}

async function admitInbound(raw: net.Socket, context: InboundContext): Promise<Admitted | Refused> {
  // With one chain for everything there is nothing to wait for: a server may speak first.
  if (context.mode === 'DISABLE') return admit({ chain: 'plaintext', stream: raw, tls: null });
  const timeouts = context.gate.timeouts ?? DEFAULT_TIMEOUTS;
  const heard = await hear(raw, timeouts.clientHelloMs);
  if (heard.kind === 'refused') return heard;
  const { hello } = heard;
  const chain = chooseFilterChain({ mode: context.mode, protocol: context.protocol, hello });
  if (chain.kind === 'refuse')
    return close(raw, chain.reason, CHAIN_MESSAGES[chain.reason], chain.details, helloFacts(hello));
  if (chain.kind !== 'mtls' || hello === 'plaintext')
    return admit({ chain: chain.kind, stream: raw, tls: helloFacts(hello) });
  const { tls, gate } = context;
  const end = await shakeHands(raw, hello, tls, timeouts.handshakeMs);
  if (end.kind === 'refused') return end;
  return judge(end.socket, hello.sni, { role: 'client', roots: tls.roots, gate });
}

const CHAIN_MESSAGES = {
  'plaintext-on-strict': 'plaintext to a port that takes only mutual TLS',
  'tls-without-istio-alpn':
    "TLS without a sidecar's ALPN to a PERMISSIVE HTTP port, for which Istio has no filter chain",
} as const;

export interface UpstreamContext {
  host: string;
  port: number;
  /** Called when connected, before the first byte is sent. */
  connected?: (raw: net.Socket) => void;
  /** What comes in goes there and not through the stream: what is said before the gate has judged, too. */
  onread?: net.OnReadOpts;
  gate: GateSettings;
  security:
    | { kind: 'plaintext' }
    | {
        kind: 'mtls';
        tls: UpstreamTls;
        /** `outbound_.80_._.orders.shop.svc.cluster.local`, see `upstreamSni`. */
        sni: string;
        alpn: readonly string[];
        /** Secure naming: one of these the server must be. Empty = nobody. */
        expectedSpiffeIds: readonly string[];
      };
}

/** By these a server's PERMISSIVE port recognizes a sidecar; an HTTP server answers with the last. */
export const UPSTREAM_ALPN = {
  http: ['istio-http/1.1', 'istio', 'http/1.1'],
  http2: ['istio-h2', 'istio', 'h2'],
  tcp: ['istio-peer-exchange', 'istio'],
} as const;

/** Istio's server name of a service port; the subset stands between the underscores. */
export function upstreamSni(hostname: string, port: number, subset = ''): string {
  return `outbound_.${port}_.${subset}_.${hostname}`;
}

/** Connects as a sidecar does; the stream is handed out only when the server is who it must be. Never throws. */
export async function connectUpstream(context: UpstreamContext): Promise<Admitted | Refused> {
  const { security, gate } = context;
  const timeoutMs = (gate.timeouts ?? DEFAULT_TIMEOUTS).handshakeMs;
  const socket = startConnection(context);
  socket.on('error', swallow);
  // Before TLS sends its first byte.
  socket.prependOnceListener('connect', () => context.connected?.(socket));
  const opened = await within<{ kind: 'opened' }>(socket, timeoutMs, (settle) => {
    socket.once('connect', () => settle({ kind: 'opened' }));
    socket.once('error', (error) => settle({ kind: 'failed', error }));
  });
  if (opened.kind === 'failed') return close(socket, 'connect-failed', opened.error.message);
  if (security.kind === 'plaintext') {
    socket.off('error', swallow);
    return admit({ chain: 'plaintext', stream: socket, tls: null });
  }
  const end = await within<Secured>(socket, timeoutMs, (settle) => {
    socket.once('secureConnect', () => settle({ kind: 'secured', socket: socket as TLSSocket }));
    socket.on('error', (error) => settle({ kind: 'failed', error }));
    // It may have failed between the two.
    if (socket.errored) settle({ kind: 'failed', error: socket.errored });
  });
  if (end.kind === 'failed') {
    const { reason, details, message } = handshakeReason(end.error, 'server');
    return close(socket, reason, message, details, helloFacts({ sni: security.sni }));
  }
  const { expectedSpiffeIds } = security;
  return judge(end.socket, security.sni, {
    role: 'server',
    roots: security.tls.roots,
    gate,
    expectedSpiffeIds,
  });
}

function startConnection({ host, port, security, onread }: UpstreamContext): net.Socket {
  const way = { host, port, noDelay: true, ...(onread === undefined ? {} : { onread }) };
  if (security.kind === 'plaintext') return net.connect(way);
  return connect({
    ...way,
    secureContext: security.tls.context,
    servername: security.sni,
    ALPNProtocols: [...security.alpn],
    rejectUnauthorized: false,
    // Names are the gate's business; Node's check isn't even called on every path.
    checkServerIdentity: () => undefined,
  });
}

interface Bench {
  role: 'client' | 'server';
  roots: InboundTls['roots'];
  gate: GateSettings;
  expectedSpiffeIds?: readonly string[];
}

function judge(
  socket: TLSSocket,
  sni: string | null,
  { role, roots, gate, expectedSpiffeIds }: Bench,
): Admitted | Refused {
  const peer = peerCertificateOf(socket, roots);
  const tls = tlsFactsOf(socket, sni, peer);
  // No tickets and no cache: it can't happen. If it does, no certificate was shown in this handshake.
  if (tls.resumed)
    return close(socket, 'resumed-session', 'a resumed session shows no certificate', VERIFY_FAILED, tls);
  const verdict = judgeCertificate(peer, {
    ...rulesOf(gate, role),
    ...(expectedSpiffeIds ? { expectedSpiffeIds } : {}),
  });
  if (!verdict.ok) {
    const details = verdict.reason === 'no-certificate' ? NO_CERTIFICATE : VERIFY_FAILED;
    return close(socket, verdict.reason, verdict.message, details, tls);
  }
  return admit({
    chain: 'mtls',
    stream: socket,
    tls,
    spiffeId: verdict.spiffeId,
    findings: verdict.findings,
  });
}
