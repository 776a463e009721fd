/** What a connection promises its peer, and how much it takes. */
export interface Http2Limits {
  maxConcurrentStreams: number;
  /** Receive window of a stream. */
  streamWindow: number;
  /** Receive window of the connection. */
  connectionWindow: number;
  /** Names and values of one header list; a longer one is cut and marked. */
  maxHeaderListBytes: number;
  maxHeaderFields: number;
}

/**
 * A stream's window bounds what its slow reader makes us hold; the connection's is wide enough that a few of them keep
 * nobody else waiting. The header list is Envoy's `max_request_headers_kb`.
 */
export const DEFAULT_HTTP2_LIMITS: Http2Limits = {
  maxConcurrentStreams: 1_024,
  streamWindow: 256 * 1024,
  connectionWindow: 16 * 1024 * 1024,
  maxHeaderListBytes: 60 * 1024,
  // Above what any check lets through, so that the check can say so.
  maxHeaderFields: 128,
};
