/** One side of an HTTP/2 connection without I/O, which keeps all that it told and wrote. */
import { Http2Connection } from '../../wire/http2/connection.ts';
import type { Http2Handlers } from '../../wire/http2/handlers.ts';
import { DEFAULT_HTTP2_LIMITS, type Http2Limits } from '../../wire/http2/http2-limits.ts';
import { FLAG, FRAME } from '../../wire/http2/protocol.ts';
import type { Http2Stream } from '../../wire/http2/stream.ts';
import { block, frame, framesOf, GET, HELLO, type RawFrame } from './http2-frames.ts';

export class Side {
  /** Calls to the owner, as lines. */
  readonly told: string[] = [];
  readonly streams: Http2Stream<string>[] = [];
  readonly connection: Http2Connection<string>;
  readonly sent: RawFrame[] = [];
  /** Ids of streams that were over, in whatever way. */
  readonly closed: number[] = [];
  /** How often it was told that there is something to write. */
  outputs = 0;
  /** Body bytes that came. */
  content = '';
  /** Done with each head. */
  onHead: ((stream: Http2Stream<string>) => void) | null = null;
  nowMs = 0;

  constructor(role: 'server' | 'client', limits: Partial<Http2Limits> = {}) {
    const handlers: Http2Handlers<string> = {
      head: (stream, { fields, overflow }, then) => {
        this.streams.push(stream);
        this.told.push(
          `head ${stream.id} ${fields.length}${overflow === null ? '' : ` over ${overflow}`} ${then}`,
        );
        this.onHead?.(stream);
      },
      data: (stream, bytes, then) => {
        this.content += Buffer.from(bytes).toString('latin1');
        this.told.push(`data ${stream.id} ${bytes.length} ${then}`);
      },
      trailers: (stream, { fields }) => this.told.push(`trailers ${stream.id} ${fields.length}`),
      reset: (stream, code, by) => this.told.push(`reset ${stream.id} ${code} ${by}`),
      sent: (stream, count) => this.told.push(`sent ${stream.id} ${count}`),
      closed: (stream) => this.closed.push(stream.id),
      output: () => {
        this.outputs += 1;
      },
      finished: (fault) => this.told.push(`finished ${fault?.reason ?? 'well'}`),
    };
    this.connection = new Http2Connection(role, handlers, { ...DEFAULT_HTTP2_LIMITS, ...limits });
  }

  receive(...pieces: Uint8Array[]): this {
    for (const piece of pieces) this.connection.receive(piece, this.nowMs);
    this.flush();
    return this;
  }

  flush(): void {
    while (this.connection.hasOutput) {
      const bytes = Buffer.from(this.connection.takeOutput());
      this.sent.push(...framesOf(bytes.subarray(bytes.toString('latin1').startsWith('PRI') ? 24 : 0)));
    }
  }

  /** What was written since the last call: type, flags, stream and length of each frame. */
  written(): [type: number, flags: number, stream: number, length: number][] {
    this.flush();
    return this.sent
      .splice(0)
      .map(({ type, flags, stream, payload }) => [type, flags, stream, payload.length]);
  }

  /** The last frame of a type that was written. */
  last(type: number): RawFrame | undefined {
    return this.sent.findLast((sent) => sent.type === type);
  }

  /** The stream whose head came with that place in the order. */
  stream(index = 0): Http2Stream<string> {
    const stream = this.streams[index];
    if (stream === undefined) throw new Error(`no head ${index} came`);
    return stream;
  }

  /** Code of the GOAWAY that ended the connection. */
  get goAwayCode(): number | undefined {
    return this.last(FRAME.GOAWAY)?.payload.readUInt32BE(4);
  }

  get resetCode(): number | undefined {
    return this.last(FRAME.RST_STREAM)?.payload.readUInt32BE(0);
  }
}

/** A server that has heard a client's first bytes. */
export function server(limits: Partial<Http2Limits> = {}): Side {
  return new Side('server', limits).receive(HELLO);
}

/** A client that has heard a server's first bytes. */
export function client(limits: Partial<Http2Limits> = {}): Side {
  return new Side('client', limits).receive(frame(FRAME.SETTINGS, 0, 0));
}

export const NEVER: ReadonlySet<string> = new Set();

export const headers = (stream: number, flags: number, fields = GET): Buffer =>
  frame(FRAME.HEADERS, flags, stream, block(fields));

export const data = (stream: number, length: number, flags = 0): Buffer =>
  frame(FRAME.DATA, flags, stream, Buffer.alloc(length, 'x'));

/** A message whose body is still to come. */
export const opened = (stream: number): Buffer => headers(stream, FLAG.END_HEADERS);

/** Fields of the shortest answer. */
export const STATUS: [string, string][] = [[':status', '200']];

/** Answers a request in full. */
export function answer(side: Side, index = 0): void {
  side.connection.sendHead(side.stream(index), STATUS, NEVER, 'end');
  side.flush();
}
