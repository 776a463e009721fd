import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Http2Connection } from '../../../wire/http2/connection.ts';
import { DEFAULT_HTTP2_LIMITS } from '../../../wire/http2/http2-limits.ts';
import { FLAG, FRAME, PREFACE } from '../../../wire/http2/protocol.ts';
import { block, frame, framesOf, GET, HELLO, request, uint32 } from '../../support/http2-frames.ts';

const LIMITS = {
  ...DEFAULT_HTTP2_LIMITS,
  streamWindow: 4_096,
  connectionWindow: 65_535,
  maxConcurrentStreams: 8,
};

/** What a server tells of these chunks, and the frames that it answers; it answers each request at once. */
function conversation(chunks: readonly Uint8Array[]): { told: string[]; answered: string[] } {
  const told: string[] = [];
  const connection = new Http2Connection<null>(
    'server',
    {
      head: (stream, { fields, overflow }, then) => {
        told.push(`head ${stream.id} ${JSON.stringify(fields)} ${overflow} ${then}`);
        connection.sendHead(stream, [[':status', '200']], new Set(), 'more');
        connection.sendData(stream, Buffer.alloc(100), 'end');
      },
      data: (stream, bytes, then) => {
        told.push(`data ${stream.id} ${bytes.length} ${then}`);
        connection.consume(stream, bytes.length);
      },
      trailers: (stream) => told.push(`trailers ${stream.id}`),
      reset: (stream, code, by) => told.push(`reset ${stream.id} ${code} ${by}`),
      sent: () => undefined,
      closed: () => undefined,
      output: () => undefined,
      finished: (fault) => told.push(`finished ${fault?.reason}`),
    },
    LIMITS,
  );
  for (const chunk of chunks) connection.receive(chunk, 0);
  const answered = framesOf(Buffer.from(connection.takeOutput())).map(
    ({ type, flags, stream, payload }) => `${type} ${flags} ${stream} ${payload.toString('hex')}`,
  );
  return { told, answered };
}

const anyFrame = fc
  .record({
    type: fc.oneof(fc.integer({ min: 0, max: 10 }), fc.constantFrom(...Object.values(FRAME))),
    flags: fc.oneof(
      fc.constantFrom(0, FLAG.END_HEADERS, FLAG.END_STREAM, FLAG.END_HEADERS | FLAG.END_STREAM),
      fc.nat(255),
    ),
    stream: fc.oneof(fc.constantFrom(0, 1, 3, 5, 7), fc.nat(20)),
    payload: fc.oneof(
      fc.constant(block(GET)),
      fc.constant(uint32(1)),
      fc.constant(Buffer.alloc(8)),
      fc.uint8Array({ maxLength: 40 }),
    ),
  })
  .map(({ type, flags, stream, payload }) => frame(type, flags, stream, payload));

const bytesOfFrames = fc.array(fc.oneof(anyFrame, fc.constantFrom(request(1), request(3), request(5))), {
  maxLength: 20,
});

describe('a connection under any input', () => {
  it('reads the same in one piece as in pieces of any length', () => {
    const property = fc.property(
      bytesOfFrames,
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      (frames, lengths) => {
        const whole = Buffer.concat([HELLO, ...frames]);
        const pieces: Buffer[] = [];
        for (let at = 0, turn = 0; at < whole.length; turn += 1) {
          const length = lengths[turn % lengths.length] as number;
          pieces.push(whole.subarray(at, at + length));
          at += length;
        }
        expect(conversation(pieces)).toEqual(conversation([whole]));
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it('throws at no garbage, and reads nothing after it has given up', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (garbage, greeted) => {
      const { told } = conversation(greeted ? [HELLO, garbage, request(9)] : [garbage, PREFACE]);
      const end = told.findIndex((line) => line.startsWith('finished'));
      expect(end === -1 || end === told.length - 1).toBe(true);
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it('throws at no conversation with some bytes changed', () => {
    const property = fc.property(
      bytesOfFrames,
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 5 }),
      (frames, changes) => {
        const whole = Buffer.concat([HELLO, ...frames, request(21)]);
        for (const [at, value] of changes) if (at < whole.length) whole[at] = value;
        expect(() => conversation([whole])).not.toThrow();
      },
    );
    fc.assert(property, { numRuns: 2_000 });
  });
});
