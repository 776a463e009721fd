import { describe, expect, it } from 'vitest';
import { readResponseHead } from '../../../wire/http1/response-head.ts';

function head(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

describe('a response head that two parsers could read differently', () => {
  it.each<[string, string]>([
    ['no HTTP', head('SSH-2.0-x', 'x: y')],
    ['HTTP/2', head('HTTP/2.0 200 OK')],
    ['another protocol from its first bytes on', 'SSH-2'],
    ['a letter in the status, before anything follows', 'HTTP/1.1 2x0\r\n'],
    ['the byte behind 9 in the status', head('HTTP/1.1 1:0 OK')],
    ['the byte before 0 in the status', head('HTTP/1.1 2/0 OK')],
    ['a status of two digits', head('HTTP/1.1 20 OK')],
    ['a status below 100', head('HTTP/1.1 099 OK')],
    ['a status of four digits', head('HTTP/1.1 2000 OK')],
    ['a control byte in the reason', head('HTTP/1.1 200 O\0K')],
    ['a control byte as the last one that came', 'HTTP/1.1 200 O\0'],
    ['a control byte in the place of CR', 'HTTP/1.1 200 OK\0\n\r\n'],
    ['a CR without its LF', 'HTTP/1.1 200 OK\rx\r\n\r\n'],
    ['a bare LF', 'HTTP/1.1 200 OK\nx: y\n\n'],
    ['a folded line', head('HTTP/1.1 200 OK', 'x: y', ' z')],
    ['a blank before the colon', head('HTTP/1.1 200 OK', 'x : y')],
    ['two lengths', head('HTTP/1.1 200 OK', 'content-length: 1', 'content-length: 1')],
    ['two lengths of 0', head('HTTP/1.1 200 OK', 'content-length: 0', 'content-length: 0')],
    ['a length of 0 and chunks', head('HTTP/1.1 200 OK', 'content-length: 0', 'transfer-encoding: chunked')],
    ['a length and chunks', head('HTTP/1.1 200 OK', 'content-length: 1', 'transfer-encoding: chunked')],
    ['a coding that we can’t take off', head('HTTP/1.1 200 OK', 'transfer-encoding: gzip, chunked')],
    ['chunked twice', head('HTTP/1.1 200 OK', 'transfer-encoding: chunked', 'transfer-encoding: chunked')],
    ['a signed length', head('HTTP/1.1 200 OK', 'content-length: -1')],
  ])('is broken: %s', (_, text) => {
    expect(readResponseHead(text, 'GET')).toBe('broken');
  });
});

describe('a response head', () => {
  it('is incomplete at each of its bytes but the last', () => {
    for (const version of ['1.1', '1.0']) {
      const text = head(`HTTP/${version} 200 OK`, 'content-length: 3');
      const readings = Array.from({ length: text.length }, (_, end) =>
        readResponseHead(text.slice(0, end), 'GET'),
      );
      expect(new Set(readings)).toEqual(new Set(['incomplete']));
    }
  });

  it.each([100, 299, 599])('may have the status %i', (status) => {
    expect(readResponseHead(head(`HTTP/1.1 ${status} Any`), 'GET')).toMatchObject({ status });
  });

  it.each<[string, string, string, string, number]>([
    ['HEAD', head('HTTP/1.1 200 OK', 'content-length: 5'), 'HEAD', 'none', 5],
    ['an informational one', head('HTTP/1.1 103 Early Hints'), 'GET', 'none', -1],
    ['204', head('HTTP/1.1 204 No Content'), 'GET', 'none', -1],
    ['304 with a length', head('HTTP/1.1 304 Not Modified', 'content-length: 5'), 'GET', 'none', 5],
    ['a length of 0', head('HTTP/1.1 200 OK', 'content-length: 0'), 'GET', 'none', 0],
    ['a length', head('HTTP/1.1 200', 'content-length: 5'), 'GET', 'length', 5],
    ['chunks', head('HTTP/1.1 200 ', 'Transfer-Encoding: Chunked'), 'GET', 'chunked', -1],
    ['neither', head('HTTP/1.1 200 OK'), 'GET', 'close', -1],
  ])('says where its body ends: %s', (_, text, method, framing, length) => {
    expect(readResponseHead(text, method)).toMatchObject({ framing, length });
  });

  it('says whether and for how long the connection stays open', () => {
    const read = (...lines: string[]): unknown =>
      readResponseHead(head(...lines, 'content-length: 0'), 'GET');
    expect(read('HTTP/1.1 200 OK')).toMatchObject({ keepsAlive: true, keepAliveMs: null });
    expect(read('HTTP/1.1 200 OK', 'keep-alive: timeout=5, max=9')).toMatchObject({ keepAliveMs: 5_000 });
    expect(read('HTTP/1.1 200 OK', 'connection: close')).toMatchObject({ keepsAlive: false });
    expect(read('HTTP/1.0 200 OK')).toMatchObject({ keepsAlive: false });
    expect(read('HTTP/1.0 200 OK', 'connection: keep-alive')).toMatchObject({ keepsAlive: true });
    expect(readResponseHead(head('HTTP/1.1 200 OK'), 'GET')).toMatchObject({ keepsAlive: false });
    expect(read('HTTP/1.0 200 OK', 'connection: x')).toMatchObject({ keepsAlive: false });
    expect(read('HTTP/1.1 200 OK', 'keep-alive: max=9')).toMatchObject({ keepAliveMs: null });
    expect(read('HTTP/1.1 200 OK', 'keep-alive: max=9, Timeout=15')).toMatchObject({ keepAliveMs: 15_000 });
    expect(read('HTTP/1.1 200 OK', 'keep-alive: notimeout=15')).toMatchObject({ keepAliveMs: null });
  });

  it.each(['1.0', '1.1'])('of HTTP/%s closes where one of its lines says so (RFC 9112 §9.3)', (version) => {
    const lines = ['connection: close', 'connection: keep-alive', 'content-length: 0'];
    expect(readResponseHead(head(`HTTP/${version} 200 OK`, ...lines), 'GET')).toMatchObject({
      keepsAlive: false,
    });
  });

  it('keeps its end-to-end fields, in order', () => {
    const text = head(
      'HTTP/1.1 200 OK',
      'X-A: 1',
      'Connection: close',
      'x-a: 2',
      'Upgrade: x',
      'Proxy-Connection: keep-alive',
      'X-Trace: 3',
      'Content-Length: 0',
    );
    expect(readResponseHead(text, 'GET')).toMatchObject({
      headers: [
        ['x-a', '1'],
        ['x-a', '2'],
        ['x-trace', '3'],
        ['content-length', '0'],
      ],
    });
  });
});
