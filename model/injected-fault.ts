/** A fault that a rehearsal injects on one edge of the mesh: where it happens, and what it does there. */

/** Which calls it happens to. */
export interface FaultedEdge {
  /** Workload whose sidecar injects it, on the way out. */
  source: string;
  /** Service that is called; without `port`, at each of its ports. */
  destination: { service: string; port?: number };
}

export type FaultKind =
  /** Before a request, or a TCP connection, is sent on. */
  | { kind: 'delay'; ms: number }
  /** Answered in the service's place; a TCP connection is closed. */
  | { kind: 'abort'; status: number }
  /** The connection is made, and cut at the request's first byte; that of a TCP client is reset. */
  | { kind: 'reset' }
  /** Nobody answers, not even the connection's first packet. */
  | { kind: 'black-hole' }
  /** What the service answers: its body, or its bytes on a TCP connection and a WebSocket. */
  | { kind: 'slow-bytes'; bytesPerSecond: number };

export type InjectedFault = FaultedEdge & { fault: FaultKind };
