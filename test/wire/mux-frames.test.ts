/** Frames of shared connections: read in any pieces, and nothing that breaks the framing is read at all. */
import { describe, expect, test } from 'vitest';
import {
  FRAME_HEAD,
  type FrameKind,
  FrameReader,
  MAX_DATA,
  MAX_TAG,
  writeFrameHead,
  writeU32,
} from '../../wire/mux-frames.ts';

function frame(kind: FrameKind, stream: number, content: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEAD + content.length);
  writeFrameHead(bytes, kind, stream, content.length);
  bytes.set(content, FRAME_HEAD);
  return bytes;
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, value);
  return bytes;
}

/** What a reader makes of pieces; content of one stream that follows itself is joined. */
function read(...pieces: readonly Uint8Array[]): { told: string[]; whole: boolean } {
  const told: string[] = [];
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
  const reader = new FrameReader({
    data: (stream, lent) => {
      const last = told.at(-1);
      if (last?.startsWith(`${stream} data `)) told[told.length - 1] = last + text(lent);
      else told.push(`${stream} data ${text(lent)}`);
    },
    open: (stream) => told.push(`${stream} open`),
    end: (stream) => told.push(`${stream} end`),
    reset: (stream) => told.push(`${stream} reset`),
    credit: (stream, bytes) => told.push(`${stream} credit ${bytes}`),
    tag: (stream, lent) => told.push(`${stream} tag ${text(lent)}`),
  });
  const whole = pieces.every((piece) => reader.feed(piece));
  return { told, whole };
}

describe('what breaks the framing is refused', () => {
  const broken: Readonly<Record<string, Uint8Array>> = {
    'a kind that nobody agreed on': Uint8Array.of(6, 0, 0, 0, 0, 0, 0, 1),
    'the kind 255': Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 1),
    'stream 0': Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0),
    'content of no bytes': frame('data', 1),
    'content that is too long': Uint8Array.of(1, (MAX_DATA + 1) >> 16, (MAX_DATA + 1) >> 8, 1, 0, 0, 0, 1),
    'an opening with content': frame('open', 1, word(1)),
    'an end with content': frame('end', 1, word(1)),
    'a reset with content': frame('reset', 1, word(1)),
    'a credit of three bytes': frame('credit', 1, word(7).subarray(1)),
    'a credit of five bytes': frame('credit', 1, new Uint8Array(5)),
    'a tag that is too long': frame('tag', 1, new Uint8Array(MAX_TAG + 1)),
  };
  for (const [what, bytes] of Object.entries(broken))
    test(what, () => {
      const { told, whole } = read(frame('end', 3), bytes, frame('end', 9));
      expect({ told, whole }).toEqual({ told: ['3 end'], whole: false });
    });

  test('and nothing behind it is read, in the same piece either', () => {
    const bytes = Buffer.concat([frame('data', 1, Buffer.from('a')), frame('data', 1), frame('end', 1)]);
    expect(read(bytes)).toEqual({ told: ['1 data a'], whole: false });
  });
});

const CONVERSATION = Buffer.concat([
  frame('tag', 1, Buffer.from('run/scenario/step')),
  frame('data', 1, Buffer.from('GET / HTTP/1.1\r\n\r\n')),
  frame('tag', 0x7fff_ffff),
  frame('data', 0xffff_ffff, Buffer.from([0, 255, 128])),
  frame('credit', 1, word(0xffff_ffff)),
  frame('end', 1),
  frame('reset', 2),
  frame('open', 3),
]);
const TOLD = [
  '1 tag run/scenario/step',
  '1 data GET / HTTP/1.1\r\n\r\n',
  '2147483647 tag ',
  '4294967295 data \u0000\u00ff\u0080',
  '1 credit 4294967295',
  '1 end',
  '2 reset',
  '3 open',
];

test('frames are the same in one piece, byte by byte, and split at any byte', () => {
  expect(read(CONVERSATION)).toEqual({ told: TOLD, whole: true });
  expect(read(...[...CONVERSATION].map((byte) => Uint8Array.of(byte)))).toEqual({ told: TOLD, whole: true });
  for (let at = 1; at < CONVERSATION.length; at += 1)
    expect(read(CONVERSATION.subarray(0, at), CONVERSATION.subarray(at)), `split at ${at}`).toEqual({
      told: TOLD,
      whole: true,
    });
});

test('content of the greatest length is read whole', () => {
  const content = Buffer.alloc(MAX_DATA, 'x');
  expect(read(frame('data', 1, content), frame('end', 1))).toEqual({
    told: [`1 data ${content.toString()}`, '1 end'],
    whole: true,
  });
});

test('what is lent of a frame that is not whole is given at once, so that nothing piles up', () => {
  const bytes = frame('data', 1, Buffer.from('abcdef'));
  expect(read(bytes.subarray(0, FRAME_HEAD + 2))).toEqual({ told: ['1 data ab'], whole: true });
});
