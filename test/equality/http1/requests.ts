/** What a client may ask: methods, bodies of every size, targets, fields. */
import { answered, ask, chunks, get, head, KILO, MEGA, reply, type Play } from './messages.ts';

export const METHODS: Record<string, Play> = {
  ...Object.fromEntries(
    ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'PURGE'].map(
      (method) => [`${method} without a body`, ask(head(`${method} /things HTTP/1.1`))],
    ),
  ),
  ...Object.fromEntries(
    ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH'].map((method) => [
      `${method} with a body`,
      ask(
        head(`${method} /things HTTP/1.1`, 'Content-Length: 4') + 'body',
        method === 'HEAD' ? 'HEAD' : undefined,
      ),
    ]),
  ),
  'a method that nobody knows': ask(head('FROBNICATE /things HTTP/1.1')),
  'a method in lower case': ask(head('get /things HTTP/1.1')),
  HEAD: ask(head('HEAD /things HTTP/1.1'), 'HEAD'),
  'OPTIONS of everything': ask(head('OPTIONS * HTTP/1.1')),
};

export const SIZES: Record<string, Play> = Object.fromEntries(
  Object.entries({
    nothing: '',
    'a byte': 'x',
    'a kilobyte': KILO,
    '64 kilobytes': KILO.repeat(64),
    'a megabyte': MEGA,
  }).flatMap(([size, body]): [string, Play][] => [
    [
      `a request with ${size}, its length told`,
      ask(head('POST /up HTTP/1.1', `Content-Length: ${body.length}`) + body),
    ],
    [
      `a request with ${size}, in chunks`,
      ask(
        head('POST /up HTTP/1.1', 'Transfer-Encoding: chunked') +
          (body === '' ? '' : chunks(body.slice(0, 1), ...(body.length > 1 ? [body.slice(1)] : []))) +
          '0\r\n\r\n',
      ),
    ],
    [
      `an answer with ${size}, its length told`,
      reply(answered('200 OK', [`content-length: ${body.length}`], body)),
    ],
    [
      `an answer with ${size}, in chunks`,
      reply(
        answered('200 OK', ['transfer-encoding: chunked'], `${body === '' ? '' : chunks(body)}0\r\n\r\n`),
      ),
    ],
  ]),
);

export const TARGETS: Record<string, Play> = {
  'a query': ask(get('/a?b=c&d=%20e&&f')),
  'an empty query': ask(get('/a?')),
  'a query with a slash and a question mark': ask(get('/a?/b?c=/../d')),
  escapes: ask(get('/%41%2f%2F%zz%e4')),
  'dot segments': ask(get('/a/./b/../c')),
  'dot segments above the root': ask(get('/../../a')),
  'double slashes': ask(get('//a//b')),
  'a backslash': ask(get('/a\\b')),
  'a fragment': ask(get('/a#b')),
  'a long path': ask(get(`/${'p'.repeat(8_000)}`)),
  'characters that need no escape': ask(get("/a;b=c,d!$&'()*+:@~-._")),
  'bytes beyond ASCII': ask(get('/caf\xe9')),
  'an absolute target': ask(head('GET http://orders/absolute HTTP/1.1')),
  'an absolute target of another name than Host': ask(
    'GET http://orders/absolute HTTP/1.1\r\nHost: elsewhere\r\n\r\n',
  ),
  'an absolute target without a path': ask(head('GET http://orders HTTP/1.1')),
  'a Host with a port': ask('GET / HTTP/1.1\r\nHost: orders:80\r\n\r\n'),
  'a Host in upper case': ask('GET / HTTP/1.1\r\nHost: ORDERS\r\n\r\n'),
  'a full Host': ask('GET / HTTP/1.1\r\nHost: orders.shop.svc.cluster.local\r\n\r\n'),
  'an unknown Host': ask('GET / HTTP/1.1\r\nHost: nobody\r\n\r\n'),
  'no Host': ask('GET / HTTP/1.1\r\n\r\n'),
  'an empty Host': ask('GET / HTTP/1.1\r\nHost:\r\n\r\n'),
  'HTTP/1.0': ask('GET / HTTP/1.0\r\nHost: orders\r\n\r\n'),
  'HTTP/1.0 kept alive': ask('GET / HTTP/1.0\r\nHost: orders\r\nConnection: keep-alive\r\n\r\n'),
};

export const FIELDS: Record<string, Play> = {
  'field names in every case': ask(get('/', 'X-Upper: a', 'x-lower: b', 'X-mIxEd: c')),
  'a field sent twice': ask(get('/', 'X-Twice: one', 'X-Twice: two')),
  'Cookie sent twice': ask(get('/', 'Cookie: a=1', 'Cookie: b=2')),
  'Accept sent twice': ask(get('/', 'Accept: text/html', 'Accept: */*')),
  'an empty value': ask(get('/', 'X-Empty:', 'X-Blank:   ')),
  'blanks around a value': ask(get('/', 'X-Around:  \t  value \t ')),
  'a tab within a value': ask(get('/', 'X-Tab: a\tb')),
  'bytes beyond ASCII in a value': ask(get('/', 'X-Latin: caf\xe9 \xff\x80')),
  'every character that a name may have': ask(get('/', "X!#$%&'*+-.^`|~9: odd")),
  'an underscore in a name': ask(get('/', 'X_Under_Score: kept')),
  'punctuation in a value': ask(get('/', 'X-Punctuation: "a", <b>; c=(d) {e} [f] \\ | ~')),
  'fifty fields': ask(get('/', ...Array.from({ length: 50 }, (_, index) => `X-Field-${index}: ${index}`))),
  'ninety-nine fields': ask(
    get('/', ...Array.from({ length: 99 }, (_, index) => `X-Field-${index}: ${index}`)),
  ),
  'a hundred and one fields': ask(
    get('/', ...Array.from({ length: 100 }, (_, index) => `X-Field-${index}: ${index}`)),
  ),
  'a value of 50 kilobytes': ask(get('/', `X-Large: ${'v'.repeat(50_000)}`)),
  'fields of more than 60 kilobytes': ask(get('/', `X-Large: ${'v'.repeat(62_000)}`)),
  'Connection: keep-alive': ask(get('/', 'Connection: keep-alive')),
  'Connection: close': ask(get('/', 'Connection: close')),
  'Connection that names a field': ask(get('/', 'Connection: x-dropped', 'X-Dropped: gone', 'X-Kept: here')),
  'Keep-Alive and Proxy-Connection': ask(get('/', 'Keep-Alive: timeout=5', 'Proxy-Connection: keep-alive')),
  'TE: trailers': ask(get('/', 'TE: trailers')),
  'TE: gzip': ask(get('/', 'TE: gzip')),
  'Proxy-Authorization': ask(get('/', 'Proxy-Authorization: Basic eDp5')),
  Authorization: ask(get('/', 'Authorization: Basic eDp5')),
  'Via, Forwarded and X-Forwarded fields': ask(
    get(
      '/',
      'Via: 1.1 other',
      'Forwarded: for=1.2.3.4',
      'X-Forwarded-For: 1.2.3.4',
      'X-Forwarded-Host: h',
      'X-Forwarded-Proto: https',
    ),
  ),
  'X-Request-Id of the client': ask(get('/', 'X-Request-Id: my-own')),
  'X-Forwarded-Client-Cert of the client': ask(get('/', 'X-Forwarded-Client-Cert: URI=spiffe://forged')),
  'fields that control Envoy': ask(
    get(
      '/',
      'X-Envoy-Max-Retries: 9',
      'X-Envoy-Upstream-Rq-Timeout-Ms: 1',
      'X-Envoy-Original-Path: /x',
      'X-Envoy-Decorator-Operation: y',
    ),
  ),
  'trace fields': ask(
    get('/', 'Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'B3: 0'),
  ),
  'Content-Type and Content-Encoding': ask(
    head(
      'POST / HTTP/1.1',
      'Content-Type: application/json; charset=utf-8',
      'Content-Encoding: identity',
      'Content-Length: 2',
    ) + '{}',
  ),
  'Range and conditions': ask(
    get('/', 'Range: bytes=0-1', 'If-None-Match: "a", W/"b"', 'If-Modified-Since: now'),
  ),
  'Expect of something else': ask(get('/', 'Expect: something-else')),
  'Upgrade: h2c': ask(
    get('/', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'),
  ),
};
