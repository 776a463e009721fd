import { describe, expect, it } from 'vitest';
import { FrameReader, readUint32 } from '../../../wire/http2/frame-reader.ts';
import { ERROR, FRAME } from '../../../wire/http2/protocol.ts';
import { frame } from '../../support/http2-frames.ts';

/** What a reader makes of these chunks: its frames, and what ended it. */
function read(...chunks: Uint8Array[]) {
  const frames: unknown[] = [];
  const reader = new FrameReader(16_384, ({ type, flags, stream, bytes, from, to }) => {
    frames.push([type, flags, stream, Buffer.from(bytes.subarray(from, to)).toString('latin1')]);
    return null;
  });
  for (const chunk of chunks) {
    const fault = reader.read(chunk);
    if (fault !== null) return { frames, fault };
  }
  return { frames, fault: null };
}

const bytewise = (bytes: Uint8Array): Uint8Array[] => Array.from(bytes, (byte) => Uint8Array.of(byte));

describe('a frame reader', () => {
  const stream = Buffer.concat([
    frame(FRAME.DATA, 1, 0xff_ff_ff_ff, Buffer.from('abc')),
    frame(FRAME.PING, 0, 0),
    frame(0xff, 0xff, 5, Buffer.alloc(300, 'x')),
  ]);
  const frames = [
    // The reserved bit is ignored (RFC 9113 §4.1).
    [FRAME.DATA, 1, 0x7f_ff_ff_ff, 'abc'],
    [FRAME.PING, 0, 0, ''],
    [0xff, 0xff, 5, 'x'.repeat(300)],
  ];

  it('finds the same frames however they were cut', () => {
    expect(read(stream)).toEqual({ frames, fault: null });
    expect(read(...bytewise(stream))).toEqual({ frames, fault: null });
    for (let cut = 1; cut < 40; cut += 1)
      expect(read(stream.subarray(0, cut), stream.subarray(cut))).toEqual({ frames, fault: null });
  });

  it('refuses a frame larger than promised by its header alone (RFC 9113 §4.2)', () => {
    const large = frame(FRAME.DATA, 0, 1, Buffer.alloc(16_385)).subarray(0, 9);
    for (const chunks of [[large], bytewise(large), [large.subarray(0, 8), large.subarray(8)]])
      expect(read(...chunks).fault).toEqual({ code: ERROR.FRAME_SIZE_ERROR, reason: 'frame-too-large' });
  });

  it('takes one of just that size', () => {
    const largest = frame(FRAME.DATA, 0, 1, Buffer.alloc(16_384, 'y'));
    for (const chunks of [[largest], [largest.subarray(0, 4), largest.subarray(4)], bytewise(largest)])
      expect(read(...chunks)).toEqual({ frames: [[FRAME.DATA, 0, 1, 'y'.repeat(16_384)]], fault: null });
  });

  it('reads nothing behind a frame that ends the connection', () => {
    const fault = { code: ERROR.PROTOCOL_ERROR, reason: 'x' };
    const seen: number[] = [];
    const reader = new FrameReader(16_384, ({ type }) => {
      seen.push(type);
      return fault;
    });
    expect(reader.read(stream)).toBe(fault);
    expect(seen).toEqual([FRAME.DATA]);
  });

  it('writes over nothing that it has handed out', () => {
    const held: Uint8Array[] = [];
    const reader = new FrameReader(16_384, ({ bytes, from, to }) => {
      held.push(bytes.subarray(from, to));
      return null;
    });
    const one = frame(FRAME.DATA, 0, 1, Buffer.from('first'));
    const two = frame(FRAME.DATA, 0, 1, Buffer.from('other'));
    for (const chunk of [one.subarray(0, 11), one.subarray(11), two.subarray(0, 11), two.subarray(11)])
      reader.read(chunk);
    expect(held.map((bytes) => Buffer.from(bytes).toString())).toEqual(['first', 'other']);
  });
});

it('a number of four bytes is unsigned', () => {
  expect(readUint32(Uint8Array.of(0, 0xff, 2, 3, 4), 1)).toBe(0xff_02_03_04);
});
