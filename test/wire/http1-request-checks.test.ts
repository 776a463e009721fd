/** What Envoy's codec refuses before any filter, and what it hands on: unit by unit, without a socket. */
import { describe, expect, it } from 'vitest';
import { checkRequestHead, headerPairs, type Http1Head } from '../../wire/http1-request-checks.ts';

function check(over: Partial<Http1Head> = {}, ...more: string[]) {
  const head = { method: 'GET', target: '/a?b', version: '1.1', rawHeaders: ['Host', 'cart.shop', ...more] };
  return checkRequestHead({ ...head, ...over });
}

function refusal(over: Partial<Http1Head>, ...more: string[]) {
  const checked = check(over, ...more);
  return 'refusal' in checked ? checked.refusal : null;
}

function request(over: Partial<Http1Head>, ...more: string[]) {
  const checked = check(over, ...more);
  return 'request' in checked ? checked.request : null;
}

describe('a head is refused', () => {
  it.each([
    [
      'whose Connection names Host',
      {},
      ['Connection', 'host'],
      400,
      'bad-connection-header',
      'http1.connection_header_rejected',
    ],
    ['of HTTP/1.0', { version: '1.0' }, [], 426, 'http-1.0', 'low_version'],
    ['of another version', { version: '1.2' }, [], 400, 'bad-version', 'http1.codec_error'],
    [
      'with a control byte in its method',
      { method: 'GE\u0001T' },
      [],
      400,
      'control-byte',
      'http1.invalid_characters',
    ],
    ['with a control byte in a value', {}, ['x', 'a\u0000'], 400, 'control-byte', 'http1.invalid_characters'],
    ['of an unknown method', { method: 'get' }, [], 400, 'unknown-method', 'http1.codec_error'],
    ['with a field name that is none', {}, ['x y', '1'], 400, 'bad-field-name', 'http1.codec_error'],
    [
      'with a length and an encoding',
      {},
      ['Content-Length', '1', 'Transfer-Encoding', 'chunked'],
      400,
      'length-and-transfer-encoding',
      'http1.content_length_and_chunked_not_allowed',
    ],
    [
      'with another encoding',
      {},
      ['Transfer-Encoding', 'identity'],
      501,
      'unknown-transfer-encoding',
      'http1.invalid_transfer_encoding',
    ],
    [
      'with two encodings',
      {},
      ['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked'],
      501,
      'unknown-transfer-encoding',
      'http1.invalid_transfer_encoding',
    ],
    [
      'with a length that is no number',
      {},
      ['Content-Length', '1x'],
      400,
      'bad-content-length',
      'http1.codec_error',
    ],
    [
      'with a sign before its length',
      {},
      ['Content-Length', '+1'],
      400,
      'bad-content-length',
      'http1.codec_error',
    ],
    [
      'with two lengths',
      {},
      ['Content-Length', '1', 'Content-Length', '1'],
      400,
      'bad-content-length',
      'http1.codec_error',
    ],
    ['without a Host', { rawHeaders: ['x', '1'] }, [], 400, 'missing-host', 'missing_host_header'],
    [
      'with a Host that is none',
      { rawHeaders: ['Host', 'a b'] },
      [],
      400,
      'bad-host',
      'http.invalid_authority',
    ],
    [
      'of QUERY without a type',
      { method: 'QUERY' },
      ['x-content-type', 'a/b'],
      400,
      'query-without-content-type',
      'query_missing_content_type',
    ],
  ])('%s', (_, over, more, status, reason, details) => {
    expect(refusal(over, ...more)).toMatchObject({ status, reason, details });
  });

  it('with more than a hundred fields, in Envoy’s words', () => {
    const fields = (count: number) => Array.from({ length: count }, (_, index) => [`x-${index}`, '1']).flat();
    expect(refusal({}, ...fields(99))).toBeNull();
    expect(refusal({}, ...fields(100))).toEqual({
      status: 431,
      body: 'Request Header Fields Too Large',
      details: 'http1.too_many_headers',
      reason: 'too-many-headers',
    });
    expect(refusal({}, 'Transfer-Encoding', 'gzip')?.body).toBe('Not Implemented');
    expect(refusal({ version: '1.0' })?.body).toBe('');
    expect(refusal({ rawHeaders: [] })?.body).toBe('');
    expect(refusal({ method: 'QUERY' })?.body).toBe('');
  });
});

describe('a head is handed on', () => {
  it.each(
    'ACL BIND CHECKOUT COPY DELETE GET HEAD LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE'.split(
      ' ',
    ),
  )('with the method %s', (method) => {
    expect(request({ method })?.method).toBe(method);
  });

  it('as it came: path with query, host, fields with small names', () => {
    expect(request({}, 'X-Role', 'A')).toEqual({
      method: 'GET',
      rawPath: '/a?b',
      host: 'cart.shop',
      absolute: false,
      headers: [['x-role', 'A']],
      body: 'none',
      upgrade: null,
    });
  });

  it('with the host of an absolute target, else with all Host fields joined', () => {
    expect(request({ target: 'http://other.shop/x' })).toMatchObject({
      host: 'other.shop',
      rawPath: '/x',
      absolute: true,
    });
    expect(request({}, 'HOST', 'b')).toMatchObject({ host: 'cart.shop,b', headers: [] });
    expect(request({ method: 'QUERY' }, 'Content-Type', 'a/b')?.method).toBe('QUERY');
  });

  it.each([
    [[], 'none'],
    [['Content-Length', '0'], 'none'],
    [['Content-Length', ' 10 '], 'length'],
    [['Content-Length', '00'], 'length'],
    [['Transfer-Encoding', ' Chunked '], 'chunked'],
  ])('with %j its body is %s', (fields, body) => {
    expect(request({ method: 'POST' }, ...fields)?.body).toBe(body);
  });

  it.each([
    [['Connection', 'Upgrade', 'Upgrade', ' WebSocket '], 'websocket'],
    [['Connection', 'keep-alive', 'Upgrade', 'websocket'], null],
    [['Connection', 'upgrade', 'Upgrade', 'h2c'], null],
    [['Connection', 'upgrade'], null],
  ])('with %j it asks to become %s', (fields, upgrade) => {
    expect(request({}, ...fields)?.upgrade).toBe(upgrade);
  });

  it('in pairs, a name without a value left out', () => {
    expect(headerPairs(['A', '1', 'b', '2', 'C'])).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
  });
});

it('a target with an authority needs no Host', () => {
  expect(request({ target: 'http://cart.shop/a', rawHeaders: [] })).toMatchObject({ host: 'cart.shop' });
});
