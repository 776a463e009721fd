import { describe, expect, it } from 'vitest';
import { checkRequestFields } from '../../wire/http2-fields.ts';

type Fields = [string, string][];

const FIRST = { ':method': 'GET', ':scheme': 'http', ':authority': 'cart.shop', ':path': '/a' };

function block(pseudo: Partial<Record<keyof typeof FIRST, string | null>> = {}, ...rest: Fields): Fields {
  const all = { ...FIRST, ...pseudo };
  const kept = Object.entries(all).filter((field): field is [string, string] => field[1] !== null);
  return [...kept, ...rest];
}

function refusal(fields: Fields, body: 'none' | 'follows' = 'none') {
  const checked = checkRequestFields(fields, body);
  return 'refusal' in checked ? checked.refusal : null;
}

function request(fields: Fields) {
  const checked = checkRequestFields(fields, 'none');
  return 'request' in checked ? checked.request : null;
}

describe('checkRequestFields', () => {
  it.each<[string, Fields]>([
    ['capitals in a name', block({}, ['X-Role', 'admin'])],
    ['an empty name', block({}, ['', 'admin'])],
    ['a colon within a name', block({}, ['x:role', 'admin'])],
    ['a blank at the end of a name', block({}, ['x-role ', 'admin'])],
    ['a name beyond ASCII', block({}, ['é', 'admin'])],
    ['connection', block({}, ['connection', 'close'])],
    ['keep-alive', block({}, ['keep-alive', 'timeout=5'])],
    ['proxy-connection', block({}, ['proxy-connection', 'keep-alive'])],
    ['transfer-encoding', block({}, ['transfer-encoding', 'chunked'])],
    ['upgrade', block({}, ['upgrade', 'websocket'])],
    ['te other than trailers', block({}, ['te', 'gzip'])],
    ['a line break in a value', block({}, ['x-a', 'v\r\nx-role: admin'])],
    ['a NUL in a value', block({}, ['x-a', 'v\0'])],
    ['DEL in a value', block({}, ['x-a', '\x7f'])],
    ['a repeated pseudo-header', [...block(), [':path', '/admin']]],
    ['an unknown pseudo-header', [...block(), [':foo', 'bar']]],
    ['the protocol of an extended CONNECT', block({ ':method': 'CONNECT' }, [':protocol', 'websocket'])],
    ['a pseudo-header of responses', [...block(), [':status', '200']]],
    ['a pseudo-header after a regular field', [['x-a', '1'], ...block()]],
    ['an empty method', block({ ':method': '' })],
    ['a blank in a method', block({ ':method': 'GE T' })],
    ['an empty scheme', block({ ':scheme': '' })],
    ['a colon in a scheme', block({ ':scheme': 'http:' })],
    ['an empty authority', block({ ':authority': '' })],
    ['userinfo in the authority', block({ ':authority': 'user@internal.example' })],
    ['a blank in the authority', block({ ':authority': 'a b' })],
    ['a slash in the authority', block({ ':authority': 'cart.shop/x' })],
    ['an authority beyond ASCII', block({ ':authority': 'é.example' })],
    ['an empty path', block({ ':path': '' })],
    ['a blank in the path', block({ ':path': '/a b' })],
    ['a tab in the path', block({ ':path': '/a\tb' })],
    ['a NUL in the path', block({ ':path': '/admin\0' })],
    ['a line break in the path', block({ ':path': '/admin\r\nx-role: admin' })],
    ['two hosts that agree', block({}, ['host', 'a'], ['host', 'a'])],
    ['an empty host', block({ ':authority': null }, ['host', ''])],
    ['a content-length that is no number', block({}, ['content-length', '-1'])],
    ['two lengths that agree', block({}, ['content-length', '0'], ['content-length', '0'])],
  ])('refuses %s without a status', (_, fields) => {
    expect(refusal(fields)).toMatchObject({ details: 'http2.invalid.header.field' });
    expect(refusal(fields)).not.toHaveProperty('status');
  });

  it.each<[string, Fields]>([
    ['no method', block({ ':method': null })],
    ['no scheme', block({ ':scheme': null })],
    ['no path', block({ ':path': null })],
    ['neither authority nor host', block({ ':authority': null })],
    ['a path without its slash', block({ ':path': 'admin' })],
    ['an absolute path', block({ ':path': 'http://cart.shop/admin' })],
    ['an escaped slash first', block({ ':path': '%2Fadmin' })],
    ['a star of another method than OPTIONS', block({ ':path': '*' })],
    ['a CONNECT with a path', block({ ':method': 'CONNECT' })],
    ['a length without a body', block({}, ['content-length', '5'])],
  ])('refuses %s as a broken message', (_, fields) => {
    expect(refusal(fields)).toMatchObject({ details: 'http2.violation.of.messaging.rule' });
    expect(refusal(fields)).not.toHaveProperty('status');
  });

  it('answers what the codec passes and no route can match', () => {
    expect(refusal(block({ ':method': 'OPTIONS', ':path': '*' }))).toMatchObject({ status: 404 });
    expect(refusal(block({ ':scheme': 'ftp', ':path': 'admin' }))).toMatchObject({ status: 404 });
    expect(
      refusal([
        [':method', 'CONNECT'],
        [':authority', 'cart.shop:80'],
      ]),
    ).toMatchObject({ status: 404 });
    expect(refusal(block({ ':method': 'QUERY' }))).toMatchObject({
      status: 400,
      details: 'query_missing_content_type',
    });
  });

  it('bounds the block in bytes and in fields', () => {
    const details = 'http2.too_many_headers';
    expect(refusal(block({}, ['x-long', 'a'.repeat(70_000)]))).toMatchObject({
      details: 'http2.header_list_size_too_large',
    });
    const many = Array.from({ length: 97 }, (_, index): [string, string] => [`x-${index}`, '']);
    expect(refusal(block({}, ...many))).toMatchObject({ details });
    expect(refusal(block({}, ...many.slice(1)))).toBeNull();
  });

  it('drops a host beside an authority unseen, and takes it where there is none', () => {
    expect(request(block({}, ['host', 'internal.example']))).toMatchObject({
      host: 'cart.shop',
      headers: [],
    });
    expect(request(block({ ':authority': null }, ['host', 'internal.example']))).toMatchObject({
      host: 'internal.example',
      headers: [],
    });
  });

  it('joins cookies sent in crumbs', () => {
    const headers = request(block({}, ['cookie', 'a=1'], ['x-a', '1'], ['cookie', 'b=2']))?.headers;
    expect(headers).toEqual([
      ['x-a', '1'],
      ['cookie', 'a=1; b=2'],
    ]);
  });

  it.each<[string, Fields]>([
    ['a method nobody knows', block({ ':method': 'get' })],
    ['a scheme that is not ours', block({ ':scheme': 'javascript' })],
    ['a path beyond ASCII', block({ ':path': '/\xc3\xa9' })],
    ['two names in one authority', block({ ':authority': 'cart.shop,internal.example' })],
    ['an IPv6 authority', block({ ':authority': '[::1]:80' })],
    ['trailers', block({}, ['te', 'trailers'])],
    ['http2-settings', block({}, ['http2-settings', 'AAMAAABkAAQAAP__'])],
    [
      'an empty value, blanks around one, and bytes beyond ASCII',
      block({}, ['x', ''], ['y', ' a '], ['z', '\xe9']),
    ],
    ['a length of nothing', block({}, ['content-length', '0'])],
  ])('passes %s', (_, fields) => {
    expect(refusal(fields)).toBeNull();
  });

  it('leaves the length of a body that follows to who reads it', () => {
    expect(refusal(block({ ':method': 'POST' }, ['content-length', '5']), 'follows')).toBeNull();
  });

  it.each<[string, Fields, string]>([
    ['te other than trailers', block({}, ['te', 'gzip']), 'http2.invalid.header.field connection-field'],
    ['a slash in a method', block({ ':method': 'A/B' }), 'http2.invalid.header.field bad-pseudo-header'],
    [
      'a length that begins as a number',
      block({}, ['content-length', '0x1']),
      'http2.invalid.header.field bad-content-length',
    ],
    [
      'a length of a body that does not come',
      block({}, ['content-length', '5']),
      'http2.violation.of.messaging.rule bad-content-length',
    ],
    [
      'a CONNECT with a path',
      block({ ':method': 'CONNECT', ':scheme': null }),
      'http2.violation.of.messaging.rule bad-connect',
    ],
    [
      'a CONNECT with a scheme',
      block({ ':method': 'CONNECT', ':path': null }),
      'http2.violation.of.messaging.rule bad-connect',
    ],
    [
      'any other CONNECT',
      block({ ':method': 'CONNECT', ':path': null, ':scheme': null }),
      'route_not_found connect',
    ],
    ['no method', block({ ':method': null }), 'http2.violation.of.messaging.rule missing-pseudo-header'],
    [
      'neither authority nor host',
      block({ ':authority': null }),
      'http2.violation.of.messaging.rule missing-authority',
    ],
    [
      'a path over https without its slash',
      block({ ':scheme': 'https', ':path': 'a' }),
      'http2.violation.of.messaging.rule bad-target',
    ],
    [
      'a path of OPTIONS that is neither * nor absolute',
      block({ ':method': 'OPTIONS', ':path': 'a' }),
      'http2.violation.of.messaging.rule bad-target',
    ],
    [
      '* of OPTIONS',
      block({ ':method': 'OPTIONS', ':path': '*' }),
      'absolute_path_rejected path-not-absolute',
    ],
    [
      'a QUERY that does not say what it asks in',
      block({ ':method': 'QUERY' }),
      'query_missing_content_type query-without-content-type',
    ],
    [
      'a block of too many bytes',
      block({}, ['x', 'a'.repeat(60 * 1024)]),
      'http2.header_list_size_too_large headers-too-large',
    ],
    [
      'a block of too many fields',
      block({}, ...Array.from({ length: 97 }, (): [string, string] => ['x', ''])),
      'http2.too_many_headers headers-too-large',
    ],
  ])('names the fault of %s', (_, fields, named) => {
    const { details, reason } = refusal(fields) ?? {};
    expect(`${details} ${reason}`).toBe(named);
  });

  it('passes a block of 60 KiB to the byte', () => {
    const bytes = block({}, ['x', '']).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    const value = 'a'.repeat(60 * 1024 - bytes);
    expect(refusal(block({}, ['x', value]))).toBeNull();
    expect(refusal(block({}, ['x', `${value}a`]))).not.toBeNull();
  });

  it('passes a QUERY that says what it asks in, and a method of any token', () => {
    expect(refusal(block({ ':method': 'QUERY' }, ['content-type', 'text/plain']))).toBeNull();
    expect(refusal(block({ ':method': 'A_B!' }))).toBeNull();
  });

  it('passes a length of eighteen digits where the body follows', () => {
    expect(refusal(block({}, ['content-length', '9'.repeat(18)]), 'follows')).toBeNull();
    expect(refusal(block({}, ['content-length', '9'.repeat(19)]), 'follows')).not.toBeNull();
  });

  it('hands on method, scheme and path as they were sent', () => {
    expect(request(block({ ':scheme': 'HTTPS', ':path': '/a/../b?c' }))).toEqual({
      method: 'GET',
      scheme: 'HTTPS',
      rawPath: '/a/../b?c',
      host: 'cart.shop',
      headers: [],
    });
  });
});
