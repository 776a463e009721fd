import { describe, expect, it } from 'vitest';
import {
  writeData,
  writeGoAway,
  writeHeaders,
  writePing,
  writeReset,
  writeSettings,
  writeSettingsAck,
  writeWindowUpdate,
} from '../../../wire/http2/frame-writer.ts';
import { OutputBuffer } from '../../../wire/http2/output-buffer.ts';
import { FLAG, FRAME } from '../../../wire/http2/protocol.ts';
import { framesOf } from '../../support/http2-frames.ts';

/** What a step writes, as hex. */
function written(step: (output: OutputBuffer) => void): string {
  const output = new OutputBuffer();
  step(output);
  return Buffer.from(output.take()).toString('hex');
}

describe('frames on the wire (RFC 9113 §4.1, §6)', () => {
  it.each<[string, (output: OutputBuffer) => void, string]>([
    [
      'SETTINGS',
      (output) =>
        writeSettings(output, [
          [0x0102, 0x03_04_05_06],
          [3, 0xff_ff_ff_ff],
        ]),
      '00000c 04 00 00000000 0102 03040506 0003 ffffffff',
    ],
    ['SETTINGS without any', (output) => writeSettings(output, []), '000000 04 00 00000000'],
    ['SETTINGS acknowledged', (output) => writeSettingsAck(output), '000000 04 01 00000000'],
    [
      'PING',
      (output) => writePing(output, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), FLAG.ACK),
      '000008 06 01 00000000 0102030405060708',
    ],
    [
      'WINDOW_UPDATE',
      (output) => writeWindowUpdate(output, 0x01_02_03_04, 0x7f_ff_ff_ff),
      '000004 08 00 01020304 7fffffff',
    ],
    ['RST_STREAM', (output) => writeReset(output, 3, 0x01_02_03_04), '000004 03 00 00000003 01020304'],
    [
      'GOAWAY',
      (output) => writeGoAway(output, 0x7f_ff_ff_ff, 0x0b),
      '000008 07 00 00000000 7fffffff 0000000b',
    ],
    [
      'DATA',
      (output) => writeData(output, 5, Uint8Array.of(9, 8, 7), 0, 3, FLAG.END_STREAM),
      '000003 00 01 00000005 090807',
    ],
    [
      'a part as DATA',
      (output) => writeData(output, 5, Uint8Array.of(9, 8, 7), 1, 2, 0),
      '000001 00 00 00000005 08',
    ],
  ])('%s', (_title, step, hex) => {
    expect(written(step)).toBe(hex.replaceAll(' ', ''));
  });

  it('of 16,384 bytes say their length in three', () => {
    expect(written((output) => writeData(output, 1, new Uint8Array(16_384), 0, 16_384, 0)).slice(0, 8)).toBe(
      '00400000',
    );
    expect(written((output) => writeData(output, 1, new Uint8Array(70_000), 0, 70_000, 0)).slice(0, 8)).toBe(
      '01117000',
    );
  });
});

describe('a header block (RFC 9113 §6.2, §6.10)', () => {
  function frames(length: number, maxFrameSize: number) {
    const block = Uint8Array.from({ length }, (_, index) => index);
    const output = new OutputBuffer();
    output.append(new Uint8Array(5));
    writeHeaders(output, 7, FLAG.END_STREAM, maxFrameSize, () => output.append(block));
    return framesOf(Buffer.from(output.take()).subarray(5)).map(({ type, flags, stream, payload }) => {
      expect(stream).toBe(7);
      return [type, flags, [...payload].join(' ')];
    });
  }

  it('is one HEADERS frame where it fits', () => {
    const whole = FLAG.END_STREAM | FLAG.END_HEADERS;
    expect(frames(0, 4)).toEqual([[FRAME.HEADERS, whole, '']]);
    expect(frames(4, 4)).toEqual([[FRAME.HEADERS, whole, '0 1 2 3']]);
  });

  it('goes on in CONTINUATION frames, of which the last one ends it', () => {
    expect(frames(5, 4)).toEqual([
      [FRAME.HEADERS, FLAG.END_STREAM, '0 1 2 3'],
      [FRAME.CONTINUATION, FLAG.END_HEADERS, '4'],
    ]);
    expect(frames(12, 4)).toEqual([
      [FRAME.HEADERS, FLAG.END_STREAM, '0 1 2 3'],
      [FRAME.CONTINUATION, 0, '4 5 6 7'],
      [FRAME.CONTINUATION, FLAG.END_HEADERS, '8 9 10 11'],
    ]);
  });
});
