import { describe, expect, it } from 'vitest';
import { blanksAfterTarget, hasControlInLine } from '../../../wire/http1/request-line.ts';

describe('blanks behind a target', () => {
  it.each([
    'GET /a HTTP/1.1\r\n',
    'GET /a b HTTP/1.1\r\n',
    'GET /a\tb HTTP/1.1\r\n',
    'GET /a\tHTTP/1.1\r\n',
    'get /a\t HTTP/1.1\r\n',
    'GET /a\t HTTP/1.1',
    'xGET /a\t HTTP/1.1\r\n',
    `GET /${'a'.repeat(65_536)}\t HTTP/1.1\r\n`,
  ])('are not seen in %j', (line) => {
    expect(blanksAfterTarget(line)).toBeNull();
  });

  it('stand between target and version, the last one kept', () => {
    expect(blanksAfterTarget('GET /a\t HTTP/1.1\r\nhost: x')).toEqual({ from: 6, to: 7 });
    expect(blanksAfterTarget('GET /a \t  HTTP/1.1\r\n')).toEqual({ from: 6, to: 9 });
    const target = `/${'a'.repeat(65_521)}`;
    expect(blanksAfterTarget(`GET ${target}\t HTTP/1.1\r\n`)).toEqual({ from: 65_526, to: 65_527 });
  });
});

describe('a control byte', () => {
  it('is seen in the first line only, and a tab is none', () => {
    expect(hasControlInLine('GET /\x01 HTTP/1.1\r\n')).toBe(true);
    expect(hasControlInLine('GET /\x7f')).toBe(true);
    expect(hasControlInLine('GET /\t HTTP/1.1\r\nx: \x01')).toBe(false);
    expect(hasControlInLine('\r\nGET /\x01')).toBe(false);
  });
});
