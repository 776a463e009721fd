import { describe, expect, it } from 'vitest';
import { inspectFirstBytes } from '../../wire/http-inspector.ts';

describe('the first bytes of a connection', () => {
  it.each([
    '\x16\x03\x01\x02\x00\x01',
    '\x00',
    '*1\r\n$4\r\nPING\r\n',
    ' GET / HTTP/1.1\n\n'.replace(' GET', '\x80GET'),
    'SSH-2.0-OpenSSH_9.2\r\n',
    'GET / HTTP/2.0\r\n',
    'GET / HTTP/1.2\r\n',
    'GET / xHTTP/1.1\r\n',
    'GET / HTTP/1.1x\r\n',
    'GET / HTTP/1.1 more\r\n',
    'GET /\r\n',
    'GET a HTTP/1.1\r\n',
    'GET :// HTTP/1.1\r\n',
    'GET 1://a HTTP/1.1\r\n',
    'GET x/y HTTP/1.1\r\n',
    'GET /\xe9 HTTP/1.1\r\n',
    'G(T / HTTP/1.1\r\n',
    'CONNECT \xe9 HTTP/1.1\r\n',
    'CONNECT a\xe9 HTTP/1.1\r\n',
    'CONNECT \xe9a HTTP/1.1\r\n',
    'GET /\rx HTTP/1.1\r\n',
    '\r\nGET / HTTP/1.1\r\n',
    ' ',
    '(',
    'G(T /',
    `GET /${'a'.repeat(64 * 1024)}`,
  ])('%j are no HTTP', (text) => {
    expect(inspectFirstBytes(text)).toBe('other');
  });

  it.each([
    'GET / HTTP/1.1\r\n',
    'GET  /a?b  HTTP/1.1\r\nHost: x\r\n',
    'OPTIONS * HTTP/1.1\r\n',
    'GET http://a/b HTTP/1.1\r\n',
    'CONNECT a:80 HTTP/1.1\r\n',
    'my-method!# /x HTTP/1.1\r\n',
  ])('%j are HTTP/1', (text) => {
    expect(inspectFirstBytes(text)).toBe('http1');
  });

  it('tells HTTP/1.0 from HTTP/1.1', () => {
    expect(inspectFirstBytes('GET / HTTP/1.0\n')).toBe('http1.0');
  });

  it.each(['PRI * HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'])('%j are HTTP/2', (text) => {
    expect(inspectFirstBytes(text)).toBe('http2');
  });

  it.each([
    '',
    'P',
    'PRI * HTTP/',
    'G',
    'GET',
    'GET ',
    'GET /a\xe9',
    `GET /${'a'.repeat(64 * 1024 - 5)}`,
    'GET / HTTP/1.1',
    `GET /${'a'.repeat(60 * 1024)}`,
  ])('%j may become one or the other', (text) => {
    expect(inspectFirstBytes(text)).toBe('need-more');
  });
});
