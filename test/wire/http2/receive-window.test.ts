import { describe, expect, it } from 'vitest';
import { OutputBuffer } from '../../../wire/http2/output-buffer.ts';
import { FRAME } from '../../../wire/http2/protocol.ts';
import { ReceiveWindow } from '../../../wire/http2/receive-window.ts';
import { framesOf } from '../../support/http2-frames.ts';

function windowOf(size: number) {
  const output = new OutputBuffer();
  /** Increments of the connection's WINDOW_UPDATE frames since the last call. */
  const increments = (): number[] =>
    framesOf(Buffer.from(output.take())).map(({ type, stream, payload }) => {
      expect([type, stream]).toEqual([FRAME.WINDOW_UPDATE, 0]);
      return payload.readUInt32BE();
    });
  return { window: new ReceiveWindow(output, size), increments };
}

describe('the connection’s receive window', () => {
  it.each([
    [65_535, []],
    [100_000, [34_465]],
    [1_000, []],
  ])(
    'is opened to %i from the 65,535 that it has at first, and never narrowed (RFC 9113 §6.9.2)',
    (size, told) => {
      const { window, increments } = windowOf(size);
      window.begin();
      expect(increments()).toEqual(told);
      expect(window.take(Math.max(size, 65_535))).toBe(true);
      expect(window.take(1)).toBe(false);
    },
  );

  it('is given back from half of it on, and takes as much again', () => {
    const { window, increments } = windowOf(100_000);
    window.begin();
    increments();
    expect(window.take(100_000)).toBe(true);
    expect(window.credit(30_000)).toBe(false);
    expect(window.credit(19_999)).toBe(false);
    expect(increments()).toEqual([]);
    expect(window.credit(1)).toBe(true);
    expect(increments()).toEqual([50_000]);
    expect(window.credit(49_999)).toBe(false);
    expect(window.take(50_000)).toBe(true);
    expect(window.take(1)).toBe(false);
  });
});
