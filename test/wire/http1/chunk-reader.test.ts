import { describe, expect, it } from 'vitest';
import { ChunkReader } from '../../../wire/http1/chunk-reader.ts';

interface Read {
  content: string;
  end: 'more' | 'end' | 'broken';
  /** Bytes behind the end. */
  surplus: string;
  trailers: readonly (readonly [string, string])[];
}

/** Reads a text given in pieces. */
function read(...pieces: string[]): Read {
  const reader = new ChunkReader();
  let content = '';
  for (const [index, piece] of pieces.entries()) {
    const bytes = Buffer.from(piece, 'latin1');
    for (let at = 0; ; ) {
      const step = reader.read(bytes, at);
      at = reader.to;
      if (step === 'piece') content += piece.slice(reader.from, at);
      if (step === 'end' || step === 'broken')
        return {
          content,
          end: step,
          surplus: piece.slice(at) + pieces.slice(index + 1).join(''),
          trailers: reader.trailers,
        };
      if (step === 'more') break;
    }
  }
  return { content, end: 'more', surplus: '', trailers: reader.trailers };
}

describe('chunks that two parsers could delimit differently', () => {
  it.each<[string, string]>([
    ['no size', '\r\n'],
    ['a size that is no number', 'zz\r\n'],
    ['a size with 0x', '0x1\r\na\r\n0\r\n\r\n'],
    ['a signed size', '+1\r\na\r\n'],
    ['a blank before the size', ' 1\r\na\r\n'],
    ['a blank behind the size', '1 \r\na\r\n'],
    ['a size of eleven digits', '00000000001\r\n'],
    ['a bare LF behind the size', '1\na\r\n'],
    ['a bare CR behind the size', '1\ra\r\n'],
    ['another byte in the place of LF behind the size', '1\rXa\r\n0\r\n\r\n'],
    ['no line end behind the content', '1\r\nab\r\n'],
    ['another byte in the place of CR behind the content', '1\r\naX\n0\r\n\r\n'],
    ['another byte in the place of LF behind the content', '1\r\na\rX0\r\n\r\n'],
    ['the letter behind F', 'g\r\n'],
    ['the byte before A', '@\r\n'],
    ['an extension of 4,097 bytes', `1;${'a'.repeat(4_097)}\r\na\r\n0\r\n\r\n`],
    ['a bare LF behind the content', '1\r\na\n0\r\n\r\n'],
    ['a bare LF in an extension', '1;a\nb\r\na\r\n'],
    ['a NUL in an extension', '1;\0\r\na\r\n'],
    ['an extension without end', `1;${'a'.repeat(5_000)}`],
    ['a trailer without a name', '0\r\n: x\r\n\r\n'],
    ['a folded trailer', '0\r\nx: y\r\n z\r\n\r\n'],
    ['trailers without end', `0\r\n${'x: y\r\n'.repeat(4_000)}`],
    ['trailers of a byte more than 16 KiB', `0\r\nx: ${'y'.repeat(16_378)}\r\n\r\n`],
  ])('are broken: %s', (_, text) => {
    expect(read(text).end).toBe('broken');
    expect(read(...text).end).toBe('broken');
  });
});

describe('chunks', () => {
  const message = '3;a=b\r\nabc\r\n1\r\nd\r\n0\r\nX-T: 1\r\n\r\nGET';

  it('give their content, their trailers and where they end, however they are cut', () => {
    const whole = { content: 'abcd', end: 'end', surplus: 'GET', trailers: [['x-t', '1']] };
    expect(read(message)).toEqual(whole);
    expect(read(...message)).toEqual(whole);
    for (let cut = 1; cut < message.length; cut += 1)
      expect(read(message.slice(0, cut), message.slice(cut))).toEqual(whole);
  });

  it('without trailers end at the empty line', () => {
    expect(read('0\r\n\r\nx')).toEqual({ content: '', end: 'end', surplus: 'x', trailers: [] });
  });

  it('that break off want more', () => {
    expect(read('5\r\nab')).toMatchObject({ content: 'ab', end: 'more' });
  });

  it.each([...'0123456789abcdefABCDEF'])('have sizes of hexadecimal digits (RFC 9112 §7.1): %s', (digit) => {
    const content = 'x'.repeat(16 + Number.parseInt(digit, 16));
    expect(read(`1${digit}\r\n${content}\r\n0\r\n\r\n`)).toMatchObject({ content, end: 'end' });
  });

  it('may have a size of ten digits, an extension of 4,096 bytes and 16 KiB of trailers', () => {
    expect(read('000000000a\r\n0123456789\r\n0\r\n\r\n')).toMatchObject({ end: 'end' });
    expect(read(`1;${'a'.repeat(4_096)}\r\na\r\n0\r\n\r\n`)).toMatchObject({ content: 'a', end: 'end' });
    expect(read(`0\r\nx: ${'y'.repeat(16_377)}\r\n\r\n`)).toMatchObject({ end: 'end' });
  });

  it('want more until their trailers are whole', () => {
    const reader = new ChunkReader();
    expect(reader.read(Buffer.from('0\r\nx: y\r\n'), 0)).toBe('more');
    expect(reader.read(Buffer.from('\r\n'), 0)).toBe('end');
  });

  it('have nothing behind their end', () => {
    const reader = new ChunkReader();
    const bytes = Buffer.from('0\r\n\r\n0\r\n\r\n');
    expect(reader.read(bytes, 0)).toBe('end');
    expect(reader.read(bytes, reader.to)).toBe('broken');
  });
});
