/** How much and how long the data plane takes from a peer. Istio's defaults where it has one. */
export interface Limits {
  /** Whole head of a request; above it 431 (Envoy: 60 KiB). */
  maxHeaderBytes: number;
  /** From the first byte of a request to the end of its head; above it 408. */
  headerTimeoutMs: number;
  /** How long a connection may take to show what it is (ClientHello, handshake). */
  handshakeTimeoutMs: number;
  /** Nothing moved on a connection with a request in flight (Envoy: 5 min, but Istio sets none). */
  idleTimeoutMs: number;
  /**
   * Nothing moved on a WebSocket, another tunnel or an HTTP/2 connection with streams (Envoy: 1 h on plain TCP; Istio
   * sets none on WebSockets and streams).
   */
  tunnelIdleTimeoutMs: number;
  /** A kept-alive connection without a request (Envoy: 1 h). */
  keepAliveTimeoutMs: number;
  connectTimeoutMs: number;
  /** How long the connections of a listener that is gone may go on (Istio's drain duration: 5 s). */
  drainMs: number;
  /** Connections of one listener that haven't shown yet what they are (ClientHello, handshake); more are refused. */
  maxUnfinished: number;
  /** Connections to one peer that are being made at a time; further ones wait for their turn. */
  maxHandshakes: number;
  /** Open connections of one listener, streams of shared ones too; more are closed at once, with an event. */
  maxConnections: number;
  /** A worker that shows no sign of life for so long after its start is ended. */
  startTimeoutMs: number;
  /** A worker that shows no sign of life for so long is ended and started again. */
  hungAfterMs: number;
  /** `general` keeps HTTP/1 out of the fast lane: for tests that compare the two. */
  lanes: 'both' | 'general';
}

export const DEFAULT_LIMITS: Limits = {
  maxHeaderBytes: 60 * 1024,
  headerTimeoutMs: 30_000,
  handshakeTimeoutMs: 15_000,
  idleTimeoutMs: 3_600_000,
  tunnelIdleTimeoutMs: 3_600_000,
  keepAliveTimeoutMs: 3_600_000,
  connectTimeoutMs: 10_000,
  drainMs: 5_000,
  maxUnfinished: 1_024,
  maxHandshakes: 16,
  maxConnections: 10_000,
  startTimeoutMs: 30_000,
  hungAfterMs: 30_000,
  lanes: 'both',
};
