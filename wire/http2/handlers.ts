/** What an HTTP/2 connection tells its owner. */
import type { DecodedBlock } from './hpack-decoder.ts';
import type { ConnectionFault } from './protocol.ts';
import type { Http2Stream, Then } from './stream.ts';

/** Who ended a stream before its time. `refused`: the peer never looked at it, so that it may be tried elsewhere. */
export type ResetBy = 'peer' | 'refused' | 'codec' | 'connection';

/** What a connection tells its owner. None of these may throw. */
export interface Http2Handlers<C> {
  /** A request, a response, or an informational response. */
  head(stream: Http2Stream<C>, block: DecodedBlock, then: Then): void;
  /** The bytes are the owner's; `consume` gives the window back. Empty only with `end`. */
  data(stream: Http2Stream<C>, bytes: Uint8Array, then: Then): void;
  trailers(stream: Http2Stream<C>, block: DecodedBlock): void;
  /** Gone; nothing more comes of it, and nothing can be sent on it. */
  reset(stream: Http2Stream<C>, code: number, by: ResetBy): void;
  /** So many body bytes of it have left, or never will, since it is over: what they came from may go on. */
  sent(stream: Http2Stream<C>, count: number): void;
  /** A stream is over, in whatever way. */
  closed(stream: Http2Stream<C>): void;
  /** There is something to write. */
  output(): void;
  /** Nothing goes on any more: write what there is and close. */
  finished(fault: ConnectionFault | null): void;
}
