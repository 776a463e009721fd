/** The head of a client's request, in as many pieces as it comes; what is no plain head is the general lane's to read. */
import { blanksAfterTarget } from '../../wire/http1/request-line.ts';
import { readPlainRequest, type PlainRequest } from '../../wire/http1/request-head.ts';

/** What is turned into text at first: nearly every head is shorter. */
const FIRST_LOOK = 4_096;
/** A head in more pieces than this is read by the general lane, whose parser needs no second look. */
const MAX_PIECES = 8;

export class HeadReader {
  /** All bytes since the head's first one, what follows the head included. */
  bytes: Buffer = NOTHING;
  readonly #maxBytes: number;
  #pieces = 0;

  constructor(maxHeaderBytes: number) {
    this.#maxBytes = maxHeaderBytes;
  }

  /** A head has begun, and its end isn't there. */
  get hasPart(): boolean {
    return this.#pieces > 0;
  }

  /** The head; `incomplete`: the next piece is waited for; `other`: it isn't for this lane. */
  read(piece: Buffer): PlainRequest | 'incomplete' | 'other' {
    const bytes = this.hasPart ? Buffer.concat([this.bytes, piece]) : piece;
    this.bytes = bytes;
    const request = this.#look(bytes);
    if (request === 'incomplete' && bytes.length < this.#maxBytes && this.#pieces < MAX_PIECES) {
      this.#pieces += 1;
      return 'incomplete';
    }
    return typeof request === 'string' || request.headLength > this.#maxBytes ? 'other' : request;
  }

  #look(bytes: Buffer): ReturnType<typeof readPlainRequest> {
    const { length } = bytes;
    const first = readPlainRequest(bytes.toString('latin1', 0, Math.min(length, FIRST_LOOK)));
    if (first !== 'incomplete' || length <= FIRST_LOOK) return first;
    return readPlainRequest(bytes.toString('latin1', 0, Math.min(length, this.#maxBytes)));
  }

  /** The head was taken; the next piece begins another. */
  taken(): void {
    this.bytes = NOTHING;
    this.#pieces = 0;
  }

  /** The bytes as the general lane's parser takes them: without the blanks behind the target, which Envoy takes too. */
  asNodeReadsIt(): Buffer {
    const { bytes } = this;
    const blanks = blanksAfterTarget(bytes.toString('latin1'));
    if (blanks === null) return bytes;
    return Buffer.concat([bytes.subarray(0, blanks.from), bytes.subarray(blanks.to)]);
  }
}

const NOTHING = Buffer.alloc(0);
