import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readResponse } from '../../../rehearsal/attackers/http-response.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('a response that makes no sense is malformed', () => {
  it.each([
    ['no status line', 'SSH-2.0-x\r\n\r\n'],
    ['HTTP/2 in plain', 'HTTP/2 200\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\nx : y\r\n\r\n'],
    ['a folded line', 'HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n'],
    ['both lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nab'],
    ['a length with a sign', 'HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\nab'],
    ['another coding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    ['a chunk size that is none', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0x2\r\nab\r\n'],
    [
      'a chunk longer than it says',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n',
    ],
    ['an end in its body', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab'],
    ['an end in its head', 'HTTP/1.1 200 OK\r\n'],
    ['a body past the cap', 'HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n'],
  ])('%s', (_what, text) => {
    expect(readResponse(bytes(text), 'GET', true).kind).toBe('malformed');
  });

  it('whatever the bytes are, they are read without a crash', () => {
    const text = fc.string({
      unit: fc.constantFrom('\r\n', 'HTTP/1.1 200', ':', 'transfer-encoding', 'chunked', '0', 'f', ' ', ';'),
    });
    fc.assert(fc.property(text, fc.boolean(), (made, ended) => void readResponse(bytes(made), 'GET', ended)));
  });
});

describe('a response', () => {
  it('is the same however it is split', () => {
    const whole = bytes(
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: u\r\n\r\n',
    );
    for (let end = 0; end < whole.length; end += 1)
      expect(readResponse(whole.subarray(0, end), 'GET', false).kind).toBe('more');
    const progress = readResponse(whole, 'GET', false);
    expect(progress).toMatchObject({
      kind: 'done',
      response: {
        status: 201,
        headers: [
          ['a', 'b'],
          ['transfer-encoding', 'chunked'],
        ],
      },
    });
    expect(progress.kind === 'done' && progress.response.body.toString()).toBe('abc0123456789');
  });

  it('without a length ends with the connection', () => {
    expect(readResponse(bytes('HTTP/1.1 200 OK\r\n\r\nab'), 'GET', false).kind).toBe('more');
    expect(readResponse(bytes('HTTP/1.1 200 OK\r\n\r\nab'), 'GET', true).kind).toBe('done');
  });

  it.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n'],
  ])('to %s has no body in %j', (method, text) => {
    expect(readResponse(bytes(text), method, false).kind).toBe('done');
  });

  it('of no bytes at all is no response', () => {
    expect(readResponse(bytes(''), 'GET', true).kind).toBe('more');
  });
});
