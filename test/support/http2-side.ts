/** One side of an HTTP/2 connection by hand: what it was told, and the frames that it wrote. */
import { Http2Connection } from '../../wire/http2/connection.ts';
import type { Http2Handlers } from '../../wire/http2/handlers.ts';
import { DEFAULT_HTTP2_LIMITS, type Http2Limits } from '../../wire/http2/http2-limits.ts';
import { FRAME } from '../../wire/http2/protocol.ts';
import type { Http2Stream } from '../../wire/http2/stream.ts';
import { framesOf, type RawFrame } from './http2-frames.ts';

/** A connection and everything that it told, as lines. */
export class Side {
  readonly told: string[] = [];
  readonly streams: Http2Stream<string>[] = [];
  readonly connection: Http2Connection<string>;
  readonly sent: RawFrame[] = [];
  nowMs = 0;

  constructor(role: 'server' | 'client', limits: Partial<Http2Limits> = {}) {
    const handlers: Http2Handlers<string> = {
      head: (stream, { fields, overflow }, then) => {
        this.streams.push(stream);
        this.told.push(
          `head ${stream.id} ${fields.length}${overflow === null ? '' : ` over ${overflow}`} ${then}`,
        );
      },
      data: (stream, bytes, then) => this.told.push(`data ${stream.id} ${bytes.length} ${then}`),
      trailers: (stream, { fields }) => this.told.push(`trailers ${stream.id} ${fields.length}`),
      reset: (stream, code, by) => this.told.push(`reset ${stream.id} ${code} ${by}`),
      sent: (stream, count) => this.told.push(`sent ${stream.id} ${count}`),
      closed: () => undefined,
      output: () => undefined,
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

  /** The last frame of a type that was written. */
  last(type: number): RawFrame | undefined {
    return this.sent.findLast((sent) => sent.type === type);
  }

  /** Code of the GOAWAY that ended the connection. */
  get goAwayCode(): number | undefined {
    return this.last(FRAME.GOAWAY)?.payload.readUInt32BE(4);
  }

  get resetCode(): number | undefined {
    return this.last(FRAME.RST_STREAM)?.payload.readUInt32BE(0);
  }
}
