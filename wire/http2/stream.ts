/** One stream's state (RFC 9113 §5.1), as data: the connection alone changes it. */
import type { HeaderList } from '../../model/request-facts.ts';

/** Whether more of a message follows. */
export type Then = 'more' | 'end';

/** Body bytes that wait for a window. */
interface Waiting {
  bytes: Uint8Array;
  /** How many of them are sent. */
  sent: number;
}

export class Http2Stream<C> {
  readonly id: number;
  /** What its owner keeps by it. */
  context: C | null = null;
  /** How much the peer lets us send. */
  sendWindow: number;
  /** How much the peer may send. */
  receiveWindow: number;
  /** Received and not yet consumed by our side. */
  unconsumed = 0;
  /** Consumed and not yet given back to the peer. */
  uncredited = 0;
  /** Its message's own Content-Length, told by the owner; null = none. */
  expectedBytes: number | null = null;
  receivedBytes = 0;
  /** A head that isn't informational came. */
  headReceived = false;
  remoteEnded = false;
  localEnded = false;
  closed = false;
  readonly waiting: Waiting[] = [];
  waitingBytes = 0;
  /** What follows the last waiting byte. */
  ending: { kind: 'none' } | { kind: 'data' } | { kind: 'trailers'; fields: HeaderList } = { kind: 'none' };
  readonly openedAtMs: number;

  constructor(id: number, sendWindow: number, receiveWindow: number, openedAtMs: number) {
    this.id = id;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
    this.openedAtMs = openedAtMs;
  }
}
