/**
 * What comes of a connection at a gate, and the only makers of it: an `Admitted` is made by the gates (`mtls-gate.ts`,
 * `gateway/gateway-gate.ts`) and by nobody else. A refused peer gets an alert or a close, and no byte of it is parsed
 * or passed on.
 */
import type net from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../model/clock.ts';
import type { Finding } from '../model/decision.ts';
import { principalOf } from '../model/spiffe-id.ts';
import type { TlsFacts } from '../model/traffic-event.ts';
import type { CertificateReason, GateRules } from '../wire/certificate-gate.ts';
import type { FilterChain } from '../wire/filter-chain.ts';
import type { HandshakeReason } from './handshake-reason.ts';
import type { GateProfile } from './snapshot.ts';
import type { HandshakeEnd } from './tls-material.ts';

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

export function rulesOf(gate: GateSettings, role: GateRules['role']): GateRules {
  const { profile, trustDomain, trustDomainAliases, clock } = gate;
  return { profile, trustDomain, trustDomainAliases, nowMs: clock.now(), role };
}

export const VERIFY_FAILED = 'tls: CERTIFICATE_VERIFY_FAILED';
export const NO_CERTIFICATE = 'tls: PEER_DID_NOT_RETURN_A_CERTIFICATE';

export function admit(from: {
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
export function close(
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
export function helloFacts(hello: 'plaintext' | { sni: string | null }): TlsFacts | null {
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

export type Secured = Extract<HandshakeEnd, { kind: 'secured' }>;
type Failure = { kind: 'failed'; error: Error & { code?: string } };

/** Waits for one of the results, the socket's end, or the time; the socket is of no use after the latter two. */
export function within<T extends { kind: string }>(
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

export function swallow(): void {
  // The result of the gate says what happened; an error of the closing socket adds nothing.
}
