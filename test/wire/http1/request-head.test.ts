import { describe, expect, it } from 'vitest';
import { llhttpVectors } from '../../support/llhttp-vectors.ts';
import { readPlainRequest } from '../../../wire/http1/request-head.ts';

function head(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** How many messages the plain grammar takes off the front. */
function plainMessages(text: string): number {
  let count = 0;
  for (let rest = text; ; count += 1) {
    const request = readPlainRequest(rest);
    if (typeof request === 'string') return count;
    const end = request.headLength + request.bodyLength;
    if (end > rest.length) return count;
    rest = rest.slice(end);
    if (request.closes) return count + 1;
  }
}

describe('a request head that is for the other lane', () => {
  it.each<[string, string]>([
    ['an unknown method', head('FOO / HTTP/1.1', 'host: a')],
    ['a method in small letters', head('get / HTTP/1.1', 'host: a')],
    ['CONNECT', head('CONNECT a:1 HTTP/1.1', 'host: a')],
    ['a blank alone', ' '],
    ['no blank within eight bytes', 'OPTIONSX'],
    ['a blank in front', ` ${head('GET / HTTP/1.1', 'host: a')}`],
    ['an empty line in front', `\r\n${head('GET / HTTP/1.1', 'host: a')}`],
    ['two blanks', head('GET  / HTTP/1.1', 'host: a')],
    ['a byte above ASCII in the target', head('GET /\xe4 HTTP/1.1', 'host: a')],
    ['a control byte in the target', head('GET /\x01 HTTP/1.1', 'host: a')],
    ['a tab in the place of the blank', head('GET /\tHTTP/1.1', 'host: a')],
    ['a version that is another from its first bytes on', 'GET / HTTX'],
    ['*', head('OPTIONS * HTTP/1.1', 'host: a')],
    ['a target without a slash', head('GET a HTTP/1.1', 'host: a')],
    ['a target of another scheme', head('GET ldap://a/ HTTP/1.1', 'host: a')],
    ['an absolute target without a path', head('GET http://ab HTTP/1.1', 'host: a')],
    ['an https target', head('GET https://a/ HTTP/1.1', 'host: a')],
    ['userinfo', head('GET http://u@a/ HTTP/1.1', 'host: a')],
    ['a query for an authority', head('GET http://a?/ HTTP/1.1', 'host: a')],
    ['HTTP/1.0', head('GET / HTTP/1.0', 'host: a')],
    ['HTTP/0.9', 'GET /\r\n\r\n'],
    ['no Host', head('GET / HTTP/1.1')],
    ['two Hosts', head('GET / HTTP/1.1', 'host: a', 'Host: a')],
    ['an empty Host', head('GET / HTTP/1.1', 'host:')],
    ['a Host with a path', head('GET / HTTP/1.1', 'host: a/b')],
    ['a Host with a number behind a slash', head('GET / HTTP/1.1', 'host: a/80')],
    ['a Host with a colon and no port', head('GET / HTTP/1.1', 'host: a:')],
    ['a Host with a name for its port', head('GET / HTTP/1.1', 'host: a:http')],
    ['a Host with the port 65536', head('GET / HTTP/1.1', 'host: a:65536')],
    ['a Host with a port that is none', head('GET / HTTP/1.1', 'host: a:99999')],
    ['a bare LF', 'GET / HTTP/1.1\nhost: a\n\n'],
    ['a bare LF behind a field', 'GET / HTTP/1.1\r\nhost: a\nx: y\r\n\r\n'],
    ['a bare CR in a value', head('GET / HTTP/1.1', 'host: a', 'x: a\rb')],
    ['a NUL in a value', head('GET / HTTP/1.1', 'host: a', 'x: a\0b')],
    ['a DEL in a value', head('GET / HTTP/1.1', 'host: a', 'x: a\x7fb')],
    ['a blank before the colon', head('GET / HTTP/1.1', 'host: a', 'x : y')],
    ['a folded line', head('GET / HTTP/1.1', 'host: a', 'x: y', ' z')],
    ['a name that is no token', head('GET / HTTP/1.1', 'host: a', 'x(: y')],
    ['no name', head('GET / HTTP/1.1', 'host: a', ': y')],
    ['no colon', head('GET / HTTP/1.1', 'host: a', 'x')],
    ['a Transfer-Encoding', head('POST / HTTP/1.1', 'host: a', 'Transfer-Encoding: chunked')],
    ['two lengths', head('POST / HTTP/1.1', 'host: a', 'content-length: 1', 'content-length: 1')],
    ['two lengths of 0', head('POST / HTTP/1.1', 'host: a', 'content-length: 0', 'content-length: 0')],
    ['a length list', head('POST / HTTP/1.1', 'host: a', 'content-length: 1, 1')],
    ['a signed length', head('POST / HTTP/1.1', 'host: a', 'content-length: +1')],
    ['a length in hex', head('POST / HTTP/1.1', 'host: a', 'content-length: 0x1')],
    ['a length with a zero in front', head('POST / HTTP/1.1', 'host: a', 'content-length: 01')],
    [
      'a length beyond exact numbers',
      head('POST / HTTP/1.1', 'host: a', `content-length: ${'9'.repeat(16)}`),
    ],
    ['an empty length', head('POST / HTTP/1.1', 'host: a', 'content-length:')],
    ['an Upgrade', head('GET / HTTP/1.1', 'host: a', 'connection: upgrade', 'upgrade: websocket')],
    ['an Upgrade alone', head('GET / HTTP/1.1', 'host: a', 'upgrade: websocket')],
    ['HTTP2-Settings', head('GET / HTTP/1.1', 'host: a', 'http2-settings: AAMAAABkAAQAAP__')],
    ['Connection naming a field', head('GET / HTTP/1.1', 'host: a', 'connection: close, x')],
    ['Expect', head('POST / HTTP/1.1', 'host: a', 'expect: 100-continue', 'content-length: 1')],
    ['TE', head('GET / HTTP/1.1', 'host: a', 'te: trailers')],
    ['Trailer', head('GET / HTTP/1.1', 'host: a', 'trailer: x')],
    ['two cookies', head('GET / HTTP/1.1', 'host: a', 'cookie: a', 'Cookie: b')],
    ['101 fields', head('GET / HTTP/1.1', 'host: a', ...Array.from({ length: 100 }, () => 'x: y'))],
  ])('has %s', (_, text) => {
    expect(readPlainRequest(text)).toBe('other');
  });

  it.each(llhttpVectors('error'))('is what Node’s strict parser refuses: %s', (_, { wire, messages }) => {
    expect(plainMessages(wire)).toBeLessThanOrEqual(messages);
  });
});

describe('a plain request head', () => {
  it('is incomplete at each of its bytes but the last', () => {
    const text = head('POST /a?b HTTP/1.1', 'Host: a:80', 'content-length: 3');
    const readings = Array.from({ length: text.length }, (_, end) => readPlainRequest(text.slice(0, end)));
    expect(new Set(readings)).toEqual(new Set(['incomplete']));
    expect(readPlainRequest(text)).not.toBeTypeOf('string');
  });

  it('gives what its fields say, without those of the hop', () => {
    const text = head(
      'POST /a?b#c HTTP/1.1',
      'Host: orders:80',
      'X-A:  b\t',
      'Connection: Close',
      'keep-alive: x',
      'Content-Length: 3',
      'x-e:',
    );
    expect(readPlainRequest(`${text}abc`)).toEqual({
      method: 'POST',
      rawPath: '/a?b#c',
      host: 'orders:80',
      headers: [
        ['x-a', 'b'],
        ['content-length', '3'],
        ['x-e', ''],
      ],
      bodyLength: 3,
      statesLength: true,
      closes: true,
      headLength: text.length,
    });
  });

  it('keeps its connection and its cookie, and says so where it has no body', () => {
    const lines = ['host: a:65535', 'Connection: keep-alive', 'Proxy-Connection: x', 'Cookie: a=b'];
    expect(readPlainRequest(head('GET / HTTP/1.1', ...lines))).toMatchObject({
      host: 'a:65535',
      headers: [['cookie', 'a=b']],
      bodyLength: 0,
      statesLength: false,
      closes: false,
    });
    const empty = head('POST / HTTP/1.1', 'host: a', 'content-length: 0');
    expect(readPlainRequest(empty)).toMatchObject({ bodyLength: 0, statesLength: true, closes: false });
  });

  it('may begin with the longest method', () => {
    expect(readPlainRequest('OPTIONS')).toBe('incomplete');
    expect(readPlainRequest(head('OPTIONS / HTTP/1.1', 'host: a'))).toMatchObject({ method: 'OPTIONS' });
  });

  it('takes the authority of an absolute target for its host', () => {
    const request = readPlainRequest(head('GET http://orders:81/a HTTP/1.1', 'host: other'));
    expect(request).toMatchObject({ rawPath: '/a', host: 'orders:81' });
  });

  it('joins what Envoy keeps one of, and leaves the rest as it came', () => {
    const request = readPlainRequest(
      head('GET / HTTP/1.1', 'host: a', 'x-forwarded-for: 1', 'x: 1', 'X-Forwarded-For: 2', 'x: 2'),
    );
    expect(request).toMatchObject({
      headers: [
        ['x-forwarded-for', '1,2'],
        ['x', '1'],
        ['x', '2'],
      ],
    });
  });

  it('joins two lines that are all there is, and a pair among twenty', () => {
    const pair = ['x-forwarded-for: 1', 'x-forwarded-for: 2'];
    const joined = ['x-forwarded-for', '1,2'];
    expect(readPlainRequest(head('GET / HTTP/1.1', 'host: a', ...pair))).toMatchObject({ headers: [joined] });
    const others = Array.from({ length: 20 }, (_, index) => `x-${index}: y`);
    expect(readPlainRequest(head('GET / HTTP/1.1', 'host: a', ...others, ...pair))).toMatchObject({
      headers: [...others.map((line) => line.split(': ')), joined],
    });
  });

  it.each(llhttpVectors('ok'))(
    'is read as Node’s strict parser does, or left to it: %s',
    (_, { wire, messages }) => {
      expect(plainMessages(wire)).toBeLessThanOrEqual(messages);
    },
  );
});
