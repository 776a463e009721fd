import { describe, expect, it } from 'vitest';
import { paddingOf, shapeFault } from '../../../wire/http2/frame-shape.ts';
import { ERROR, FLAG, FRAME } from '../../../wire/http2/protocol.ts';

const shape = (type: number, stream: number, length: number) =>
  shapeFault({ type, flags: 0, stream, bytes: new Uint8Array(length), from: 0, to: length });

describe('a frame', () => {
  it.each([
    ['headers', FRAME.HEADERS, 3],
    ['priority', FRAME.PRIORITY, 5],
    ['reset', FRAME.RST_STREAM, 4],
  ])('of %s belongs to a stream', (name, type, length) => {
    expect(shape(type, 1, length)).toBeNull();
    expect(shape(type, 0, length)).toEqual({ code: ERROR.PROTOCOL_ERROR, reason: `${name}-on-connection` });
  });

  it.each([
    ['settings', FRAME.SETTINGS, 6],
    ['ping', FRAME.PING, 8],
    ['goaway', FRAME.GOAWAY, 8],
  ])('of %s belongs to the connection', (name, type, length) => {
    expect(shape(type, 0, length)).toBeNull();
    expect(shape(type, 1, length)).toEqual({ code: ERROR.PROTOCOL_ERROR, reason: `${name}-on-stream` });
  });

  it('of a window update belongs to either', () => {
    expect([shape(FRAME.WINDOW_UPDATE, 0, 4), shape(FRAME.WINDOW_UPDATE, 1, 4)]).toEqual([null, null]);
  });

  it.each([
    ['priority', FRAME.PRIORITY, 1, [4, 6]],
    ['reset', FRAME.RST_STREAM, 1, [3, 5]],
    ['settings', FRAME.SETTINGS, 0, [1, 5, 7]],
    ['ping', FRAME.PING, 0, [7, 9]],
    ['goaway', FRAME.GOAWAY, 0, [0, 7]],
    ['window-update', FRAME.WINDOW_UPDATE, 1, [0, 3, 5]],
  ])('of %s has a size', (name, type, stream, lengths) => {
    for (const length of lengths)
      expect(shape(type, stream, length)).toEqual({
        code: ERROR.FRAME_SIZE_ERROR,
        reason: `${name}-of-wrong-size`,
      });
  });

  it.each([
    [FRAME.SETTINGS, 0, 0],
    [FRAME.SETTINGS, 0, 12],
    [FRAME.GOAWAY, 0, 9],
    [FRAME.HEADERS, 1, 0],
    [FRAME.DATA, 0, 3],
    [FRAME.CONTINUATION, 0, 3],
    [0xbe, 7, 1],
  ])('of type %d on %d with %d bytes is looked into', (type, stream, length) => {
    expect(shape(type, stream, length)).toBeNull();
  });
});

describe('the padding of data', () => {
  const padding = (flags: number, ...bytes: number[]) =>
    paddingOf({
      type: FRAME.DATA,
      flags,
      stream: 1,
      bytes: Uint8Array.of(99, ...bytes),
      from: 1,
      to: 1 + bytes.length,
    });

  it('is none without its flag, else what its first byte says, and that byte', () => {
    expect(padding(FLAG.END_STREAM, 7, 7)).toBe(0);
    expect(padding(FLAG.PADDED, 0, 7)).toBe(1);
    expect(padding(FLAG.PADDED, 1, 7, 0)).toBe(2);
    expect(padding(FLAG.PADDED, 2, 0, 0)).toBe(3);
  });

  it('is never longer than the frame', () => {
    expect(padding(FLAG.PADDED)).toEqual({ code: ERROR.FRAME_SIZE_ERROR, reason: 'data-too-short' });
    for (const bytes of [[1], [3, 0, 0]])
      expect(padding(FLAG.PADDED, ...bytes)).toEqual({
        code: ERROR.PROTOCOL_ERROR,
        reason: 'data-padding-too-long',
      });
  });
});
