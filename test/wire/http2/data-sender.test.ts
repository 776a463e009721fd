import { describe, expect, it } from 'vitest';
import { FLAG, FRAME, SETTING } from '../../../wire/http2/protocol.ts';
import { frame, request, uint32 } from '../../support/http2-frames.ts';
import { NEVER, server, type Side, STATUS } from '../../support/http2-side.ts';

const DATA = FRAME.DATA;

/** A server that has begun its answers on as many streams, with windows of that size. */
function answering(streams: number, streamWindow = 65_535, connectionWindow = 65_535): Side {
  const size = frame(
    FRAME.SETTINGS,
    0,
    0,
    Buffer.concat([Buffer.from([0, SETTING.INITIAL_WINDOW_SIZE]), uint32(streamWindow)]),
  );
  const side = server().receive(size);
  if (connectionWindow > 65_535)
    side.receive(frame(FRAME.WINDOW_UPDATE, 0, 0, uint32(connectionWindow - 65_535)));
  for (let index = 0; index < streams; index += 1) {
    side.receive(request(index * 2 + 1));
    side.connection.sendHead(side.stream(index), STATUS, NEVER, 'more');
  }
  side.written();
  return side;
}

describe('a body', () => {
  it.each<[string, (side: Side) => void, number[][]]>([
    [
      'that ends with its bytes ends in their frame',
      (side) => side.connection.sendData(side.stream(), Buffer.from('abc'), 'end'),
      [[DATA, FLAG.END_STREAM, 1, 3]],
    ],
    [
      'that ends without any more ends in an empty frame',
      (side) => {
        side.connection.sendData(side.stream(), Buffer.from('abc'), 'more');
        side.connection.sendData(side.stream(), Buffer.alloc(0), 'end');
      },
      [
        [DATA, 0, 1, 3],
        [DATA, FLAG.END_STREAM, 1, 0],
      ],
    ],
    [
      'of no bytes yet is no frame',
      (side) => side.connection.sendData(side.stream(), Buffer.alloc(0), 'more'),
      [],
    ],
    [
      'without trailers yet has no end',
      (side) => {
        side.connection.sendData(side.stream(), Buffer.from('abc'), 'more');
        side.connection.sendData(side.stream(), Buffer.from('d'), 'more');
      },
      [
        [DATA, 0, 1, 3],
        [DATA, 0, 1, 1],
      ],
    ],
    [
      'may have trailers alone',
      (side) => side.connection.sendTrailers(side.stream(), [['age', '1']]),
      [[FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, 4]],
    ],
    [
      'in frames that every peer takes (RFC 9113 §4.2)',
      (side) => side.connection.sendData(side.stream(), Buffer.alloc(40_000), 'end'),
      [
        [DATA, 0, 1, 16_384],
        [DATA, 0, 1, 16_384],
        [DATA, FLAG.END_STREAM, 1, 7_232],
      ],
    ],
  ])('%s', (_title, send, frames) => {
    const side = answering(1);
    send(side);
    expect(side.written()).toEqual(frames);
    const ended = frames.some(([, flags]) => ((flags ?? 0) & FLAG.END_STREAM) !== 0);
    expect(side.closed).toEqual(ended ? [1] : []);
  });

  it('that waited in pieces ends with the last of them', () => {
    const side = answering(1);
    side.connection.socketIs('full');
    for (const text of ['abc', 'defgh']) side.connection.sendData(side.stream(), Buffer.from(text), 'more');
    side.connection.sendData(side.stream(), Buffer.from('i'), 'end');
    expect(side.stream().waitingBytes).toBe(9);
    expect(side.written()).toEqual([]);
    side.connection.socketIs('drained');
    expect(side.written()).toEqual([
      [DATA, 0, 1, 3],
      [DATA, 0, 1, 5],
      [DATA, FLAG.END_STREAM, 1, 1],
    ]);
    expect(side.told.slice(-3)).toEqual(['sent 1 3', 'sent 1 5', 'sent 1 1']);
    expect(side.stream().waitingBytes).toBe(0);
    expect(side.closed).toEqual([1]);
  });

  it('that waited ends in an empty frame where its end came later', () => {
    const side = answering(1);
    side.connection.socketIs('full');
    side.connection.sendData(side.stream(), Buffer.from('abc'), 'more');
    side.connection.socketIs('drained');
    side.connection.sendData(side.stream(), Buffer.alloc(0), 'end');
    expect(side.written()).toEqual([
      [DATA, 0, 1, 3],
      [DATA, FLAG.END_STREAM, 1, 0],
    ]);
  });
});

describe('windows (RFC 9113 §6.9.1)', () => {
  it('of a stream stop that stream alone', () => {
    const side = answering(2, 10);
    side.connection.sendData(side.stream(0), Buffer.from('abcdefghijklmno'), 'end');
    side.connection.sendData(side.stream(1), Buffer.from('abcde'), 'end');
    expect(side.written()).toEqual([
      [DATA, 0, 1, 10],
      [DATA, FLAG.END_STREAM, 3, 5],
    ]);
    expect(side.stream(0)).toMatchObject({ sendWindow: 0, waitingBytes: 5 });
    expect(side.closed).toEqual([3]);
  });

  it('of the connection stop all streams, to the byte', () => {
    const side = answering(2, 100_000);
    side.connection.sendData(side.stream(0), Buffer.alloc(65_000), 'end');
    side.connection.sendData(side.stream(1), Buffer.alloc(1_000), 'end');
    const sent = (): number => side.written().reduce((sum, [, , , length]) => sum + length, 0);
    expect(sent()).toBe(65_535);
    side.receive(frame(FRAME.WINDOW_UPDATE, 0, 3, uint32(1)));
    expect(side.written()).toEqual([]);
    side.receive(frame(FRAME.WINDOW_UPDATE, 0, 0, uint32(465)));
    expect(side.written()).toEqual([[DATA, FLAG.END_STREAM, 3, 465]]);
  });

  it('don’t keep back an end that has no bytes', () => {
    const side = answering(1, 0);
    side.connection.sendData(side.stream(), Buffer.alloc(0), 'end');
    expect(side.written()).toEqual([[DATA, FLAG.END_STREAM, 1, 0]]);
  });

  it('that the peer opens often are no flood while data is sent, as with Envoy', () => {
    const side = answering(1, 10);
    side.connection.sendData(side.stream(), Buffer.alloc(10_000), 'end');
    for (let turn = 0; turn < 800; turn += 1) side.receive(frame(FRAME.WINDOW_UPDATE, 0, 1, uint32(10)));
    expect(side.told.filter((line) => line.startsWith('finished'))).toEqual([]);
    expect(side.told.filter((line) => line.startsWith('sent'))).toHaveLength(801);
  });
});

describe('what the socket takes', () => {
  it('is written ahead of it up to 256 KiB, the rest when that was taken', () => {
    const side = answering(1, 1_000_000, 1_000_000);
    side.connection.sendData(side.stream(), Buffer.alloc(600_000), 'end');
    const lengths: number[] = [];
    while (side.connection.hasOutput) lengths.push(side.connection.takeOutput().length);
    const frames = 16 * 16_393;
    expect(lengths).toEqual([frames, frames, 600_000 - 32 * 16_384 + 5 * 9]);
    expect(side.closed).toEqual([1]);
  });

  it('is shared between streams, a frame at a time', () => {
    const side = answering(3, 1_000_000, 1_000_000);
    side.connection.socketIs('full');
    for (const stream of side.streams) side.connection.sendData(stream, Buffer.alloc(40_000), 'end');
    side.connection.socketIs('drained');
    expect(side.written()).toEqual(
      [
        [0, 16_384],
        [0, 16_384],
        [FLAG.END_STREAM, 7_232],
      ].flatMap(([flags, length]) => [1, 3, 5].map((stream) => [DATA, flags, stream, length])),
    );
    expect(side.closed).toEqual([1, 3, 5]);
  });

  it('has small pieces of one stream up to a frame’s size in its turn', () => {
    const side = answering(2);
    side.connection.socketIs('full');
    for (let turn = 0; turn < 3; turn += 1)
      for (const stream of side.streams) side.connection.sendData(stream, Buffer.alloc(8_192), 'more');
    side.connection.socketIs('drained');
    expect(side.written().map(([, , stream]) => stream)).toEqual([1, 1, 3, 3, 1, 3]);
  });

  it('is nothing while it is full', () => {
    const side = answering(1);
    side.connection.socketIs('full');
    side.connection.sendData(side.stream(), Buffer.from('a'), 'end');
    side.receive(frame(FRAME.WINDOW_UPDATE, 0, 0, uint32(10)));
    expect(side.written()).toEqual([]);
    expect(side.closed).toEqual([]);
  });
});
