/**
 * One thing that happened on the wire: a request, a refused handshake, a closed connection.
 * Made by the data plane, numbered and kept by the recorder, printed by the CLI, drawn by the window.
 * Everything in it that came off the wire is hostile input to whoever shows it.
 */
import type { Decision, Explanation, Finding } from './decision.ts';
import type { Position } from './problem.ts';
import type { HeaderList, TokenClaims } from './request-facts.ts';

export interface PeerRef {
  /** Workload name in the mesh, where the peer is known. */
  workload: string | null;
  namespace: string | null;
  /** Instance id, where known. */
  instance: string | null;
  /** Verified SPIFFE id, `spiffe://…`; null without one. */
  spiffeId: string | null;
  ip: string;
  port: number | null;
}

export interface TlsFacts {
  mutual: boolean;
  /** `TLSv1.3`; null when the handshake never got there. */
  version: string | null;
  cipher: string | null;
  alpn: string | null;
  sni: string | null;
  resumed: boolean;
  peer: CertificateFacts | null;
}

/** What the gate looked at. */
export interface CertificateFacts {
  subject: string;
  issuer: string;
  /** URI SANs, in order. */
  uriSans: readonly string[];
  notBefore: number;
  notAfter: number;
  /** SHA-256, lower-case hex. */
  fingerprint: string;
  keyType: string;
  keyBits: number;
}

/** What a client's sidecar chose for a request, and how often it tried. */
export interface RouteFacts {
  /** The object that wrote the route, and where; null: the service's own default, or none. */
  source: { kind: string; namespace: string; name: string; index: number; at: Position } | null;
  /** Istio's name of the cluster, `outbound|80|v1|reviews.shop.svc.cluster.local`; null where none was tried. */
  cluster: string | null;
  /** Envoy's count, failed connects too. */
  attempts: number;
  /** Envoy's response flags, `URX,UF`; empty for none. */
  flags: string;
  /** Clusters that got a copy. */
  mirrors: readonly string[];
}

export interface TrafficEvent {
  /** Rising within a session; 0 until the recorder has numbered it. */
  id: number;
  kind: 'http' | 'tcp' | 'handshake' | 'connection' | 'proxy';
  /** Which listener of `owner` saw it. */
  direction: 'inbound' | 'outbound';
  /** Instance whose sidecar made this event. */
  owner: string;
  /** Wall clock at the first byte, ms since the epoch. */
  at: number;
  /** Measured on the monotonic clock, to the microsecond. */
  durationMs: number;
  from: PeerRef;
  to: PeerRef;
  tls: TlsFacts | null;
  request: {
    protocol: 'http1' | 'http2' | 'grpc';
    method: string;
    path: string;
    rawPath: string;
    host: string;
    headers: HeaderList;
    /** Claims of its verified token, where tokens were looked at. */
    claims?: TokenClaims | null;
    bodyBytes: number;
  } | null;
  response: {
    status: number;
    headers: HeaderList;
    bodyBytes: number;
    /** Who made the answer: the service behind, or this sidecar. */
    by: 'upstream' | 'sidecar';
  } | null;
  /** How an outbound request went its way; absent where none was chosen. */
  route?: RouteFacts;
  decision: Decision;
  explanation: Explanation | null;
  findings: readonly Finding[];
  /** Version of the snapshot by which it was judged. */
  snapshotVersion: number;
  /** x-request-id, which joins the outbound and the inbound event of one call. */
  requestId: string | null;
  /** What the rehearsal called the connection, `run/scenario/step`; null for the team's own traffic. */
  tag: string | null;
  /** Absent where phases weren't measured. */
  timing?: ExchangeTiming;
}

/** When an exchange reached its phases, in µs from its first byte. */
export interface ExchangeTiming {
  /** The whole request head was there. */
  headMicros: number;
  /** The policy (inbound) or the route (outbound) was decided. */
  decidedMicros: number;
  /** The first byte of the upstream's answer was there. */
  upstreamMicros: number;
  /** The last byte of the answer went out. */
  doneMicros: number;
}
