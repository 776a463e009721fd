/**
 * The only way from a raw socket to the next stage. Owns the order: filter chain by ClientHello, handshake, gate.
 * An `Admitted` can be made nowhere else; a refused peer gets an alert or a close, and no byte of it is parsed or
 * passed on.
 */
import net from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { Clock } from '../model/clock.ts';
import type { Decision, Finding } from '../model/decision.ts';
import { principalOf } from '../model/spiffe-id.ts';
import type { TlsFacts } from '../model/traffic-event.ts';
import {
  admitAt,
  asksForCertificate,
  serverAt,
  type ShownCertificate,
} from '../policy/gateway/gateway-connection.ts';
import type { GatewayPort, PortServer } from '../policy/gateway/read-gateway.ts';
import {
  judgeAuthority,
  judgeCertificate,
  type CertificateReason,
  type GateRules,
} from '../wire/certificate-gate.ts';
import { chooseFilterChain, type FilterChain } from '../wire/filter-chain.ts';
import { readFirstBytes } from './first-bytes.ts';
import { peerCertificateOf, tlsFactsOf } from './peer-certificate.ts';
import { handshakeReason, type HandshakeReason } from './handshake-reason.ts';
import type { GateProfile, MtlsMode } from './snapshot.ts';
import type { HandshakeEnd, InboundTls, UpstreamTls } from './tls-material.ts';

/** What the gate is told of the mesh, from the snapshot in force. */
export interface GateSettings {
  profile: GateProfile;
  trustDomain: string;
  trustDomainAliases: readonly string[];
  clock: Clock;
  /** Default `DEFAULT_TIMEOUTS`. */
  timeouts?: GateTimeouts;
}

export interface GateTimeouts {
  /** From the accept to the whole ClientHello (or the first plaintext byte). */
  clientHelloMs: number;
  /** From the ClientHello to the end of the handshake; for an upstream, from the connect on. */
  handshakeMs: number;
}

export const DEFAULT_TIMEOUTS: GateTimeouts = { clientHelloMs: 15_000, handshakeMs: 15_000 };

export interface InboundContext {
  mode: MtlsMode;
  /** `tcp` is everything that isn't parsed as HTTP. */
  protocol: 'http' | 'tcp';
  tls: InboundTls;
  gate: GateSettings;
}

export type RefusalReason =
  | CertificateReason
  | HandshakeReason
  | 'plaintext-on-strict'
  | 'tls-without-istio-alpn'
  | 'malformed-client-hello'
  | 'client-hello-timeout'
  | 'closed-early'
  | 'too-many-handshakes'
  | 'resumed-session'
  | 'connect-failed'
  /** At gateways. */
  | 'no-server-at-port'
  | 'plaintext-on-https'
  | 'unknown-server-name'
  | 'unexpected-name'
  | 'no-server-certificate';

declare const passedTheGate: unique symbol;

export interface Admitted {
  readonly [passedTheGate]: true;
  readonly kind: 'admitted';
  readonly chain: Exclude<FilterChain['kind'], 'refuse'>;
  /** Paused; its first byte is the first byte of the application protocol. */
  readonly stream: net.Socket | TLSSocket;
  /** null over plaintext. */
  readonly tls: TlsFacts | null;
  /** `spiffe://…` of the verified peer; null without one. */
  readonly spiffeId: string | null;
  /** The same as policies write it. */
  readonly principal: string | null;
  readonly findings: readonly Finding[];
}

export interface Refused {
  readonly kind: 'refused';
  readonly reason: RefusalReason;
  /** Envoy's words for it, where it has some. */
  readonly details: string | null;
  /** For a human. */
  readonly message: string;
  readonly tls: TlsFacts | null;
}

/**
 * Decides about a connection that a listener accepted; nobody may have read from it. Never throws: whatever goes
 * wrong is a refusal, and the socket is closed then.
 */
export async function acceptConnection(
  raw: net.Socket,
  context: InboundContext,
): Promise<Admitted | Refused> {
  raw.on('error', swallow);
  const result = await admitInbound(raw, context);
  raw.off('error', swallow);
  // A closing socket may still report what its peer did to it.
  if (result.kind === 'refused') raw.on('error', swallow);
  return result;
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
  const first = await readFirstBytes(raw, timeouts.clientHelloMs);
  if (first.kind === 'timeout') return close(raw, 'client-hello-timeout', 'no complete ClientHello in time');
  if (first.kind === 'closed')
    return close(raw, 'closed-early', 'the client closed before it had said anything');
  if (first.kind === 'invalid')
    return close(raw, 'malformed-client-hello', first.reason, 'filter_chain_not_found');
  const hello = first.kind === 'plaintext' ? 'plaintext' : { sni: first.sni, alpn: first.alpn };
  const chain = chooseFilterChain({ mode: context.mode, protocol: context.protocol, hello });
  if (chain.kind === 'refuse')
    return close(raw, chain.reason, CHAIN_MESSAGES[chain.reason], chain.details, helloFacts(hello));
  if (chain.kind !== 'mtls' || hello === 'plaintext')
    return admit({ chain: chain.kind, stream: raw, tls: helloFacts(hello) });
  return handshake(raw, hello, context, timeouts.handshakeMs);
}

const CHAIN_MESSAGES = {
  'plaintext-on-strict': 'plaintext to a port that takes only mutual TLS',
  'tls-without-istio-alpn':
    "TLS without a sidecar's ALPN to a PERMISSIVE HTTP port, for which Istio has no filter chain",
} as const;

async function handshake(
  raw: net.Socket,
  hello: { sni: string | null; alpn: readonly string[] },
  { tls, gate }: InboundContext,
  timeoutMs: number,
): Promise<Admitted | Refused> {
  const end = await within<Secured>(raw, timeoutMs, (settle) => tls.handshake(raw, hello.alpn, settle));
  if (end.kind === 'failed') {
    const { reason, details, message } = handshakeReason(end.error, 'client');
    return close(raw, reason, message, details, helloFacts(hello));
  }
  return judge(end.socket, hello.sni, { role: 'client', roots: tls.roots, gate });
}

export interface GatewayContext {
  at: GatewayPort;
  /** Material of a server; null = it has no certificate to show. */
  tls(server: PortServer): InboundTls | null;
  gate: GateSettings;
}

/** As `acceptConnection`, at a gateway: the server by its name, the certificate by the server's mode. */
export async function acceptAtGateway(raw: net.Socket, context: GatewayContext): Promise<Admitted | Refused> {
  raw.on('error', swallow);
  const result = await admitAtGateway(raw, context);
  raw.off('error', swallow);
  if (result.kind === 'refused') raw.on('error', swallow);
  return result;
}

async function admitAtGateway(raw: net.Socket, context: GatewayContext): Promise<Admitted | Refused> {
  const { at, gate } = context;
  // With HTTP only there is nothing to choose: a ClientHello is the codec's to refuse.
  if (at.http.length > 0) return admit({ chain: 'plaintext', stream: raw, tls: null });
  const timeouts = gate.timeouts ?? DEFAULT_TIMEOUTS;
  const first = await readFirstBytes(raw, timeouts.clientHelloMs);
  if (first.kind === 'timeout') return close(raw, 'client-hello-timeout', 'no complete ClientHello in time');
  if (first.kind === 'closed')
    return close(raw, 'closed-early', 'the client closed before it had said anything');
  if (first.kind === 'invalid')
    return close(raw, 'malformed-client-hello', first.reason, 'filter_chain_not_found');
  const hello = first.kind === 'plaintext' ? 'plaintext' : { sni: first.sni, alpn: first.alpn };
  const reached = serverAt(at, hello);
  if ('verdict' in reached) return refuseAtGateway(raw, reached, helloFacts(hello));
  if (reached.tls === null || hello === 'plaintext')
    return admit({ chain: 'plaintext', stream: raw, tls: null });
  const tls = context.tls(reached.tls);
  if (tls === null)
    return close(
      raw,
      'no-server-certificate',
      'the server has no certificate to show',
      null,
      helloFacts(hello),
    );
  const end = await within<Secured>(raw, timeouts.handshakeMs, (settle) =>
    tls.handshake(raw, hello.alpn, settle),
  );
  if (end.kind === 'failed') {
    const { reason, details, message } = handshakeReason(end.error, 'client');
    return close(raw, reason, message, details, helloFacts(hello));
  }
  return judgeAtGateway(end.socket, hello.sni, reached.tls, { roots: tls.roots, gate });
}

/** The authority of a certificate counts here, and the names that the server lists; not its trust domain. */
function judgeAtGateway(
  socket: TLSSocket,
  sni: string | null,
  server: PortServer,
  { roots, gate }: Pick<Bench, 'roots' | 'gate'>,
): Admitted | Refused {
  const peer = asksForCertificate(server) ? peerCertificateOf(socket, roots) : null;
  const tls = tlsFactsOf(socket, sni, peer);
  if (tls.resumed)
    return close(socket, 'resumed-session', 'a resumed session shows no certificate', VERIFY_FAILED, tls);
  const fault = peer === null ? null : judgeAuthority(peer, rulesOf(gate, 'client'));
  const spiffeId = peer?.facts.uriSans.find((uri) => uri.startsWith('spiffe://'));
  const shown: ShownCertificate =
    peer === null
      ? { kind: 'none' }
      : fault === null
        ? { kind: 'valid', principal: spiffeId === undefined ? '' : principalOf(spiffeId) }
        : { kind: 'refused' };
  const admitted = admitAt(server, shown);
  if ('verdict' in admitted) {
    const message = fault?.ok === false ? fault.message : admitted.reason.replaceAll('-', ' ');
    return close(socket, admitted.reason as RefusalReason, message, admitted.details ?? null, tls);
  }
  return admit({
    chain: 'mtls',
    stream: socket,
    tls,
    ...(spiffeId === undefined ? {} : { spiffeId }),
    findings: [],
  });
}

function refuseAtGateway(raw: net.Socket, decision: Decision, tls: TlsFacts | null): Refused {
  const message = decision.reason.replaceAll('-', ' ');
  return close(raw, decision.reason as RefusalReason, message, decision.details ?? null, tls);
}

export interface UpstreamContext {
  host: string;
  port: number;
  /** Called when connected, before the first byte is sent. */
  connected?: (raw: net.Socket) => void;
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
  const raw = net.connect({ host: context.host, port: context.port, noDelay: true });
  raw.on('error', swallow);
  const opened = await within<{ kind: 'opened' }>(raw, timeoutMs, (settle) => {
    raw.once('connect', () => settle({ kind: 'opened' }));
    raw.once('error', (error) => settle({ kind: 'failed', error }));
  });
  if (opened.kind === 'failed') return close(raw, 'connect-failed', opened.error.message);
  context.connected?.(raw);
  if (security.kind === 'plaintext') {
    raw.off('error', swallow);
    return admit({ chain: 'plaintext', stream: raw, tls: null });
  }
  const end = await within<Secured>(raw, timeoutMs, (settle) => {
    const socket = connect({
      socket: raw,
      secureContext: security.tls.context,
      servername: security.sni,
      ALPNProtocols: [...security.alpn],
      rejectUnauthorized: false,
      // Names are the gate's business; Node's check isn't even called on every path.
      checkServerIdentity: () => undefined,
    });
    socket.once('secureConnect', () => settle({ kind: 'secured', socket }));
    socket.on('error', (error) => settle({ kind: 'failed', error }));
  });
  if (end.kind === 'failed') {
    const { reason, details, message } = handshakeReason(end.error, 'server');
    return close(raw, reason, message, details, helloFacts({ sni: security.sni }));
  }
  const { expectedSpiffeIds } = security;
  return judge(end.socket, security.sni, {
    role: 'server',
    roots: security.tls.roots,
    gate,
    expectedSpiffeIds,
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

function rulesOf(gate: GateSettings, role: GateRules['role']): GateRules {
  const { profile, trustDomain, trustDomainAliases, clock } = gate;
  return { profile, trustDomain, trustDomainAliases, nowMs: clock.now(), role };
}

const VERIFY_FAILED = 'tls: CERTIFICATE_VERIFY_FAILED';
const NO_CERTIFICATE = 'tls: PEER_DID_NOT_RETURN_A_CERTIFICATE';

function admit(from: {
  chain: Admitted['chain'];
  stream: net.Socket;
  tls: TlsFacts | null;
  spiffeId?: string;
  findings?: readonly Finding[];
}): Admitted {
  const { spiffeId = null, findings = [], ...rest } = from;
  // The brand exists in the types alone.
  return {
    kind: 'admitted',
    ...rest,
    spiffeId,
    principal: spiffeId && principalOf(spiffeId),
    findings,
  } as unknown as Admitted;
}

/** Closes without having read: what the peer may already have sent stays undelivered. A TLS peer gets close_notify. */
function close(
  socket: net.Socket,
  reason: RefusalReason,
  message: string,
  details: string | null = null,
  tls: TlsFacts | null = null,
): Refused {
  socket.on('error', swallow);
  socket.destroySoon();
  return { kind: 'refused', reason, details, message, tls };
}

/** A hello is known, a handshake is not. */
function helloFacts(hello: 'plaintext' | { sni: string | null }): TlsFacts | null {
  if (hello === 'plaintext') return null;
  return {
    mutual: false,
    version: null,
    cipher: null,
    alpn: null,
    sni: hello.sni,
    resumed: false,
    peer: null,
  };
}

type Secured = Extract<HandshakeEnd, { kind: 'secured' }>;
type Failure = { kind: 'failed'; error: Error & { code?: string } };

/** Waits for one of the results, the socket's end, or the time; the socket is of no use after the latter two. */
function within<T extends { kind: string }>(
  raw: net.Socket,
  timeoutMs: number,
  start: (settle: (result: T | Failure) => void) => void,
): Promise<T | Failure> {
  return new Promise((resolve) => {
    const settle = (result: T | Failure): void => {
      clearTimeout(timer);
      raw.off('close', closed);
      resolve(result);
    };
    const closed = (): void => settle(failure('ECLOSED', 'the peer closed the connection'));
    const timer = setTimeout(
      () => settle(failure('ETIMEDOUT', `not done within ${timeoutMs} ms`)),
      timeoutMs,
    );
    raw.once('close', closed);
    start(settle);
  });
}

function failure(code: string, message: string): Failure {
  return { kind: 'failed', error: Object.assign(new Error(message), { code }) };
}

function swallow(): void {
  // The result of the gate says what happened; an error of the closing socket adds nothing.
}
