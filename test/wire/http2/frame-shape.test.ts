import { describe, expect, it } from 'vitest';
import type { Frame } from '../../../wire/http2/frame-reader.ts';
import { paddingOf, shapeFault } from '../../../wire/http2/frame-shape.ts';
import { ERROR, FLAG, FRAME } from '../../../wire/http2/protocol.ts';

function frame(type: number, stream: number, length: number): Frame {
  return { type, flags: 0, stream, bytes: new Uint8Array(9 + length), from: 9, to: 9 + length };
}

describe('a frame on a stream that its type may not have', () => {
  it.each<[string, number, number, number]>([
    ['headers-on-connection', FRAME.HEADERS, 0, 5],
    ['priority-on-connection', FRAME.PRIORITY, 0, 5],
    ['reset-on-connection', FRAME.RST_STREAM, 0, 4],
    ['settings-on-stream', FRAME.SETTINGS, 1, 6],
    ['ping-on-stream', FRAME.PING, 1, 8],
    ['goaway-on-stream', FRAME.GOAWAY, 1, 8],
  ])('is a PROTOCOL_ERROR (RFC 9113 §6.2 to §6.8): %s', (reason, type, stream, length) => {
    expect(shapeFault(frame(type, stream, length))).toEqual({ code: ERROR.PROTOCOL_ERROR, reason });
  });
});

describe('a frame of a length that its type may not have', () => {
  it.each<[string, number, number, number[]]>([
    ['priority-of-wrong-size', FRAME.PRIORITY, 1, [0, 4, 6]],
    ['reset-of-wrong-size', FRAME.RST_STREAM, 1, [0, 3, 5]],
    ['settings-of-wrong-size', FRAME.SETTINGS, 0, [1, 5, 7]],
    ['ping-of-wrong-size', FRAME.PING, 0, [0, 7, 9]],
    ['goaway-of-wrong-size', FRAME.GOAWAY, 0, [0, 7]],
    ['window-update-of-wrong-size', FRAME.WINDOW_UPDATE, 0, [0, 3, 5]],
    ['window-update-of-wrong-size', FRAME.WINDOW_UPDATE, 1, [0, 3, 5]],
  ])('is a FRAME_SIZE_ERROR (RFC 9113 §6.3 to §6.9): %s', (reason, type, stream, lengths) => {
    for (const length of lengths)
      expect(shapeFault(frame(type, stream, length))).toEqual({ code: ERROR.FRAME_SIZE_ERROR, reason });
  });
});

describe('a frame', () => {
  it.each<[string, number, number, number[]]>([
    ['HEADERS', FRAME.HEADERS, 1, [0, 1, 16_384]],
    ['PRIORITY', FRAME.PRIORITY, 1, [5]],
    ['RST_STREAM', FRAME.RST_STREAM, 1, [4]],
    ['SETTINGS', FRAME.SETTINGS, 0, [0, 6, 36]],
    ['PING', FRAME.PING, 0, [8]],
    ['GOAWAY', FRAME.GOAWAY, 0, [8, 9, 100]],
    ['WINDOW_UPDATE on a stream', FRAME.WINDOW_UPDATE, 1, [4]],
    ['WINDOW_UPDATE on the connection', FRAME.WINDOW_UPDATE, 0, [4]],
    ['an unknown type on a stream', 0xbe, 1, [0, 7]],
    ['an unknown type on the connection', 0xbe, 0, [0, 7]],
  ])('of the right length on the right stream may be looked into: %s', (_title, type, stream, lengths) => {
    for (const length of lengths) expect(shapeFault(frame(type, stream, length))).toBeNull();
  });
});

describe('the padding of DATA (RFC 9113 §6.1)', () => {
  const padded = (...payload: number[]): Frame => ({
    ...frame(FRAME.DATA, 1, 0),
    flags: FLAG.PADDED,
    bytes: Uint8Array.of(...Array.from({ length: 9 }, () => 0xff), ...payload),
    to: 9 + payload.length,
  });

  it('counts its length field, and may be all that there is', () => {
    expect(paddingOf(padded(0, 1, 2))).toBe(1);
    expect(paddingOf(padded(2, 1, 0, 0))).toBe(3);
    expect(paddingOf(padded(2, 0, 0))).toBe(3);
    expect(paddingOf(padded(0))).toBe(1);
  });

  it('is none without its flag', () => {
    expect(paddingOf({ ...padded(2, 0, 0), flags: FLAG.END_STREAM })).toBe(0);
  });

  it('breaks the connection where it is longer than the payload, or has no length', () => {
    expect(paddingOf(padded(3, 0, 0))).toEqual({
      code: ERROR.PROTOCOL_ERROR,
      reason: 'data-padding-too-long',
    });
    expect(paddingOf(padded())).toEqual({ code: ERROR.FRAME_SIZE_ERROR, reason: 'data-too-short' });
  });
});
