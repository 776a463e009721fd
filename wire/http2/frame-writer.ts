/** Frames as bytes (RFC 9113 §6). It knows no state: what may be sent when is the connection's business. */
import type { OutputBuffer } from './output-buffer.ts';
import { FLAG, FRAME, FRAME_HEADER_BYTES } from './protocol.ts';

function putUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function putHeader(
  bytes: Uint8Array,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): void {
  bytes[at] = length >>> 16;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  putUint32(bytes, at + 5, stream);
}

function begin(output: OutputBuffer, length: number, type: number, flags: number, stream: number): number {
  const at = output.reserve(FRAME_HEADER_BYTES + length);
  putHeader(output.bytes, at, length, type, flags, stream);
  return at + FRAME_HEADER_BYTES;
}

/** Settings by their identifiers. */
export function writeSettings(output: OutputBuffer, settings: readonly (readonly [number, number])[]): void {
  let at = begin(output, settings.length * 6, FRAME.SETTINGS, 0, 0);
  for (const [identifier, value] of settings) {
    output.bytes[at] = identifier >>> 8;
    output.bytes[at + 1] = identifier;
    putUint32(output.bytes, at + 2, value);
    at += 6;
  }
}

export function writeSettingsAck(output: OutputBuffer): void {
  begin(output, 0, FRAME.SETTINGS, FLAG.ACK, 0);
}

/** Eight bytes. */
export function writePing(output: OutputBuffer, payload: Uint8Array, flags: number): void {
  const at = begin(output, 8, FRAME.PING, flags, 0);
  output.bytes.set(payload, at);
}

export function writeWindowUpdate(output: OutputBuffer, stream: number, increment: number): void {
  const at = begin(output, 4, FRAME.WINDOW_UPDATE, 0, stream);
  putUint32(output.bytes, at, increment);
}

export function writeReset(output: OutputBuffer, stream: number, code: number): void {
  const at = begin(output, 4, FRAME.RST_STREAM, 0, stream);
  putUint32(output.bytes, at, code);
}

export function writeGoAway(output: OutputBuffer, lastStream: number, code: number): void {
  const at = begin(output, 8, FRAME.GOAWAY, 0, 0);
  putUint32(output.bytes, at, lastStream);
  putUint32(output.bytes, at + 4, code);
}

/** The bytes of `data` from `from` up to `to`, which fit into one frame. */
export function writeData(
  output: OutputBuffer,
  stream: number,
  data: Uint8Array,
  from: number,
  to: number,
  flags: number,
): void {
  const at = begin(output, to - from, FRAME.DATA, flags, stream);
  output.bytes.set(from === 0 && to === data.length ? data : data.subarray(from, to), at);
}

/**
 * A header block, in as many frames as it takes. `block` writes it to the output, where the room for the first
 * frame's head was left: a block of usual size is written once and moved never.
 */
export function writeHeaders(
  output: OutputBuffer,
  stream: number,
  flags: number,
  maxFrameSize: number,
  block: () => void,
): void {
  const start = output.reserve(FRAME_HEADER_BYTES);
  block();
  const length = output.length - start - FRAME_HEADER_BYTES;
  if (length <= maxFrameSize) {
    putHeader(output.bytes, start, length, FRAME.HEADERS, flags | FLAG.END_HEADERS, stream);
    return;
  }
  const whole = output.bytes.slice(start + FRAME_HEADER_BYTES, output.length);
  output.truncate(start);
  for (let from = 0; from < whole.length; from += maxFrameSize) {
    const to = Math.min(whole.length, from + maxFrameSize);
    const last = to === whole.length ? FLAG.END_HEADERS : 0;
    const at =
      from === 0
        ? begin(output, to - from, FRAME.HEADERS, flags | last, stream)
        : begin(output, to - from, FRAME.CONTINUATION, last, stream);
    output.bytes.set(whole.subarray(from, to), at);
  }
}
