/** HTTP/2 frames by hand: what no well-behaved client would send. */
import { HpackEncoder } from '../../wire/http2/hpack-encoder.ts';
import { OutputBuffer } from '../../wire/http2/output-buffer.ts';
import { FLAG, FRAME, PREFACE } from '../../wire/http2/protocol.ts';

export interface RawFrame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A client's first bytes: preface and empty settings. */
export const HELLO = Buffer.concat([PREFACE, frame(FRAME.SETTINGS, 0, 0)]);

/** Fields as a block of literals that leave no trace in any table. */
export function block(fields: readonly (readonly [string, string])[]): Buffer {
  const output = new OutputBuffer();
  const encoder = new HpackEncoder();
  for (const [name, value] of fields) encoder.write(output, name, value, new Set());
  return Buffer.from(output.take());
}

export const GET: readonly (readonly [string, string])[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'orders'],
  [':path', '/'],
];

/** A whole request in one HEADERS frame. */
export function request(stream: number, fields: readonly (readonly [string, string])[] = GET): Buffer {
  return frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, stream, block(fields));
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** The window of a stream, or with 0 of the connection, grows. */
export const windowUpdate = (stream: number, increment: number): Buffer =>
  frame(FRAME.WINDOW_UPDATE, 0, stream, uint32(increment));

export const reset = (stream: number, code: number): Buffer =>
  frame(FRAME.RST_STREAM, 0, stream, uint32(code));

/** SETTINGS with one value. */
export const setting = (identifier: number, value: number): Buffer =>
  frame(FRAME.SETTINGS, 0, 0, Buffer.concat([Buffer.from([0, identifier]), uint32(value)]));

/** DATA whose payload begins with the length of its padding. */
export const padded = (stream: number, flags: number, ...payload: number[]): Buffer =>
  frame(FRAME.DATA, FLAG.PADDED | flags, stream, Uint8Array.of(...payload));

/** Bytes cut into frames; a rest that is no whole frame is left out. */
export function framesOf(bytes: Buffer): RawFrame[] {
  const frames: RawFrame[] = [];
  let at = 0;
  while (bytes.length - at >= 9) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    frames.push({
      type: bytes.readUInt8(at + 3),
      flags: bytes.readUInt8(at + 4),
      stream: bytes.readUInt32BE(at + 5) & 0x7f_ff_ff_ff,
      payload: bytes.subarray(at + 9, end),
    });
    at = end;
  }
  return frames;
}
