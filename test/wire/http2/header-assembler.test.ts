import { describe, expect, it } from 'vitest';
import type { Frame } from '../../../wire/http2/frame-reader.ts';
import { type Assembled, HeaderAssembler } from '../../../wire/http2/header-assembler.ts';
import { ERROR, FLAG, FRAME } from '../../../wire/http2/protocol.ts';

/** A frame whose payload stands between other bytes. */
function frame(type: number, flags: number, payload: Uint8Array, stream = 1): Frame {
  const bytes = Buffer.concat([Buffer.alloc(9, 0xff), payload, Buffer.alloc(3, 0xff)]);
  return { type, flags, stream, bytes, from: 9, to: 9 + payload.length };
}

const headers = (flags: number, payload: Uint8Array, stream?: number): Frame =>
  frame(FRAME.HEADERS, flags, payload, stream);
const continuation = (flags: number, payload: Uint8Array, stream?: number): Frame =>
  frame(FRAME.CONTINUATION, flags, payload, stream);

/** The last thing that comes of these frames, blocks as text. */
function assemble(...frames: Frame[]) {
  const assembler = new HeaderAssembler();
  let last: Assembled = { kind: 'more' };
  for (const one of frames) {
    last = assembler.take(one);
    if (last.kind === 'fault') break;
  }
  if (last.kind !== 'whole') return last;
  const { stream, endStream, bytes, from, to } = last.block;
  return {
    kind: last.kind,
    stream,
    endStream,
    block: Buffer.from(bytes.subarray(from, to)).toString('latin1'),
  };
}

const END = FLAG.END_HEADERS;
const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);
const fault = (code: number, reason: string) => ({ kind: 'fault', fault: { code, reason } });

describe('a block in one frame (RFC 9113 §6.2)', () => {
  const whole = (block: string, endStream = false) => ({ kind: 'whole', stream: 1, endStream, block });

  it('is its payload without priority and padding', () => {
    expect(assemble(headers(END, Buffer.from('abc')))).toEqual(whole('abc'));
    expect(assemble(headers(END | FLAG.END_STREAM, Buffer.from('abc')))).toEqual(whole('abc', true));
    expect(assemble(headers(END | FLAG.PADDED, Buffer.from('\x02abc\0\0')))).toEqual(whole('abc'));
    expect(assemble(headers(END | FLAG.PRIORITY, Buffer.from('12345abc')))).toEqual(whole('abc'));
    expect(assemble(headers(END | FLAG.PADDED | FLAG.PRIORITY, Buffer.from('\x0112345abc\0')))).toEqual(
      whole('abc'),
    );
  });

  it('may be empty', () => {
    expect(assemble(headers(END, bytes()))).toEqual(whole(''));
    expect(assemble(headers(END | FLAG.PADDED, bytes(2, 0, 0)))).toEqual(whole(''));
    expect(assemble(headers(END | FLAG.PRIORITY, bytes(0, 0, 0, 0, 1)))).toEqual(whole(''));
  });

  it('is none where its padding or its priority doesn’t fit', () => {
    const tooLong = fault(ERROR.PROTOCOL_ERROR, 'headers-padding-too-long');
    expect(assemble(headers(END | FLAG.PADDED, bytes(3, 0, 0)))).toEqual(tooLong);
    expect(assemble(headers(END | FLAG.PRIORITY, bytes(0, 0, 0, 0)))).toEqual(tooLong);
    expect(assemble(headers(END | FLAG.PADDED | FLAG.PRIORITY, bytes(1, 0, 0, 0, 0, 1)))).toEqual(tooLong);
    expect(assemble(headers(END | FLAG.PADDED, bytes()))).toEqual(
      fault(ERROR.FRAME_SIZE_ERROR, 'headers-too-short'),
    );
  });
});

describe('a block in several frames (RFC 9113 §6.10)', () => {
  it('is their payloads, and ends its stream as its HEADERS said', () => {
    const frames = [
      headers(FLAG.END_STREAM | FLAG.PADDED, Buffer.from('\x01ab\0')),
      continuation(0, Buffer.from('cd')),
      continuation(END, Buffer.from('e')),
    ];
    expect(assemble(...frames)).toEqual({ kind: 'whole', stream: 1, endStream: true, block: 'abcde' });
    const next = [headers(0, Buffer.from('x'), 3), continuation(END, Buffer.from('y'), 3)];
    expect(assemble(...frames, ...next)).toEqual({ kind: 'whole', stream: 3, endStream: false, block: 'xy' });
  });

  it('is open from its first frame to its last', () => {
    const assembler = new HeaderAssembler();
    expect(assembler.open).toBe(false);
    expect(assembler.take(headers(0, Buffer.from('a')))).toEqual({ kind: 'more' });
    expect(assembler.open).toBe(true);
    assembler.take(continuation(0, Buffer.from('b')));
    expect(assembler.open).toBe(true);
    assembler.take(continuation(END, Buffer.from('c')));
    expect(assembler.open).toBe(false);
  });

  it('goes on on its own stream only', () => {
    expect(assemble(headers(0, Buffer.from('a')), continuation(END, Buffer.from('b'), 3))).toEqual(
      fault(ERROR.PROTOCOL_ERROR, 'continuation-of-another-stream'),
    );
  });

  it('may have a hundred CONTINUATION frames and 128 KiB, and no more', () => {
    const flood = fault(ERROR.ENHANCE_YOUR_CALM, 'continuation-flood');
    const many = (count: number): Frame[] =>
      Array.from({ length: count }, () => continuation(0, Buffer.from('b')));
    const first = headers(0, Buffer.from('a'));
    expect(assemble(first, ...many(99), continuation(END, Buffer.from('c')))).toMatchObject({
      kind: 'whole',
    });
    expect(assemble(first, ...many(100), continuation(END, Buffer.from('c')))).toEqual(flood);
    const half = headers(0, Buffer.alloc(64 * 1024));
    expect(assemble(half, continuation(END, Buffer.alloc(64 * 1024)))).toMatchObject({ kind: 'whole' });
    expect(assemble(half, continuation(END, Buffer.alloc(64 * 1024 + 1)))).toEqual(flood);
  });
});
