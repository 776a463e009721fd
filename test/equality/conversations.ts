/** What is said through both pairs, by title. */
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { Talk } from '../support/conversation.ts';

type Play = (talk: Talk) => Promise<void>;

const KILO = 'k'.repeat(1_024);
const MEGA = 'm'.repeat(1_048_576);

/** A head with the Host that everybody sends. */
function head(requestLine: string, ...fields: string[]): string {
  return `${[requestLine, 'Host: orders', ...fields].join('\r\n')}\r\n\r\n`;
}

function get(path: string, ...fields: string[]): string {
  return head(`GET ${path} HTTP/1.1`, ...fields);
}

function answered(statusLine: string, fields: readonly string[] = [], body: string | Buffer = ''): Buffer {
  const text = `${[`HTTP/1.1 ${statusLine}`, ...fields].join('\r\n')}\r\n\r\n`;
  return Buffer.concat([Buffer.from(text, 'latin1'), Buffer.from(body)]);
}

function chunks(...parts: string[]): string {
  return parts.map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`).join('');
}

/** One request, one answer of the application's default. */
function ask(bytes: string, request?: 'HEAD'): Play {
  return async ({ client }) => {
    client.send(Buffer.from(bytes, 'latin1'));
    await client.answer(request);
  };
}

/** One plain GET, answered so. */
function reply(bytes: string | Buffer, request: 'GET' | 'HEAD' = 'GET'): Play {
  return async ({ client, application }) => {
    application.reply(bytes);
    client.send(head(`${request} / HTTP/1.1`));
    await client.answer(request === 'HEAD' ? 'HEAD' : undefined);
  };
}

const METHODS: Record<string, Play> = {
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

const SIZES: Record<string, Play> = Object.fromEntries(
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

const TARGETS: Record<string, Play> = {
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

const FIELDS: Record<string, Play> = {
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

const ANSWERS: Record<string, Play> = {
  ...Object.fromEntries(
    [
      '201 Created',
      '202 Accepted',
      '206 Partial Content',
      '301 Moved Permanently',
      '304 Not Modified',
      '400 Bad Request',
      '401 Unauthorized',
      '404 Not Found',
      '418 I am a teapot',
      '429 Too Many Requests',
      '500 Internal Server Error',
      '503 Service Unavailable',
      '299 Own',
      '599 Own',
    ].map((status) => [`an answer of ${status}`, reply(answered(status, ['content-length: 0']))]),
  ),
  '204 without a length': reply(answered('204 No Content')),
  '204 with a length': reply(answered('204 No Content', ['content-length: 0'])),
  '304 with the length of what it spares': reply(
    answered('304 Not Modified', ['content-length: 1000', 'etag: "a"']),
  ),
  '304 without a length': reply(answered('304 Not Modified', ['etag: "a"'])),
  'HEAD with a length': reply(answered('200 OK', ['content-length: 1000']), 'HEAD'),
  'HEAD in chunks': reply(answered('200 OK', ['transfer-encoding: chunked']), 'HEAD'),
  'HEAD without either': reply(answered('200 OK', ['x-a: b']), 'HEAD'),
  'no reason phrase': reply(answered('200 ', ['content-length: 0'])),
  'another reason phrase': reply(answered('200 All Is Well', ['content-length: 0'])),
  'field names in upper case': reply(answered('200 OK', ['CONTENT-LENGTH: 0', 'X-UPPER: a'])),
  'Set-Cookie sent twice': reply(
    answered('200 OK', ['set-cookie: a=1; Path=/', 'set-cookie: b=2', 'content-length: 0']),
  ),
  'a field sent twice in an answer': reply(
    answered('200 OK', ['x-twice: a', 'x-twice: b', 'content-length: 0']),
  ),
  'Server and Date of the application': reply(
    answered('200 OK', ['server: mine/1.0', 'date: Thu, 01 Jan 1970 00:00:00 GMT', 'content-length: 0']),
  ),
  'bytes beyond ASCII in an answer': reply(answered('200 OK', ['x-latin: caf\xe9', 'content-length: 0'])),
  'an empty field in an answer': reply(answered('200 OK', ['x-empty:', 'content-length: 0'])),
  'Connection: close of the application': reply(
    answered('200 OK', ['connection: close', 'content-length: 2'], 'ok'),
  ),
  'Keep-Alive of the application': reply(answered('200 OK', ['keep-alive: timeout=5', 'content-length: 0'])),
  'compressed content': reply(
    answered(
      '200 OK',
      ['content-encoding: gzip', `content-length: ${gzipSync(KILO).length}`],
      gzipSync(KILO),
    ),
  ),
  'trailers of an answer': reply(
    answered(
      '200 OK',
      ['transfer-encoding: chunked', 'trailer: x-sum'],
      `${chunks('body')}0\r\nX-Sum: 4\r\nx-more: yes\r\n\r\n`,
    ),
  ),
  'chunks with an extension': reply(
    answered('200 OK', ['transfer-encoding: chunked'], '4;a=b\r\nbody\r\n0\r\n\r\n'),
  ),
  'fields that only Envoy adds': reply(
    answered('200 OK', [
      'x-envoy-upstream-service-time: 99',
      'x-envoy-decorator-operation: o',
      'content-length: 0',
    ]),
  ),
  'a large field in an answer': reply(
    answered('200 OK', [`x-large: ${'v'.repeat(50_000)}`, 'content-length: 0']),
  ),
  'an answer to the end of the connection': async ({ client, application }) => {
    client.send(get('/'));
    const request = await application.next();
    await request.whole();
    request.write('HTTP/1.1 200 OK\r\n\r\nuntil the end');
    request.stream.socket.end();
    await client.answer();
  },
  'an HTTP/1.0 answer': async ({ client, application }) => {
    client.send(get('/'));
    const request = await application.next();
    await request.whole();
    request.write('HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\nold');
    request.stream.socket.end();
    await client.answer();
  },
  'an application that closes without an answer': async ({ client, application }) => {
    client.send(head('POST / HTTP/1.1', 'Content-Length: 2') + 'hi');
    const request = await application.next();
    await request.whole();
    request.stream.socket.destroy();
    await client.answer();
  },
  'an answer that is none': async ({ client, application }) => {
    client.send(head('POST / HTTP/1.1', 'Content-Length: 2') + 'hi');
    const request = await application.next();
    await request.whole();
    request.write('SSH-2.0-OpenSSH_9.2\r\n\r\n');
    await client.answer();
  },
  'an answer with a length that is none': async ({ client, application }) => {
    client.send(head('POST / HTTP/1.1', 'Content-Length: 2') + 'hi');
    const request = await application.next();
    await request.whole();
    request.write('HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\nok');
    await client.answer();
  },
  'an answer that is cut': async ({ client, application }) => {
    client.send(get('/'));
    const request = await application.next();
    await request.whole();
    request.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
    request.stream.socket.end();
    await client.answer();
  },
};

const TRAILERS: Record<string, Play> = {
  'trailers of a request': ask(
    head('POST / HTTP/1.1', 'Transfer-Encoding: chunked', 'Trailer: X-Sum') +
      `${chunks('body')}0\r\nX-Sum: 4\r\n\r\n`,
  ),
  'chunk extensions of a request': ask(
    head('POST / HTTP/1.1', 'Transfer-Encoding: chunked') + '4;name=value\r\nbody\r\n0\r\n\r\n',
  ),
  'chunk sizes in upper case and with zeros': ask(
    head('POST / HTTP/1.1', 'Transfer-Encoding: chunked') + `000A\r\n0123456789\r\n00\r\n\r\n`,
  ),
  'Transfer-Encoding in upper case': ask(head('POST / HTTP/1.1', 'Transfer-Encoding: CHUNKED') + '0\r\n\r\n'),
};

const INTERIM: Record<string, Play> = {
  'Expect: 100-continue that the application allows': async ({ client, application }) => {
    client.send(head('POST / HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 4'));
    const request = await application.next();
    request.write('HTTP/1.1 100 Continue\r\n\r\n');
    await client.answer();
    client.send('body');
    await request.whole();
    request.answer(answered('200 OK', ['content-length: 0']));
    await client.answer();
  },
  'Expect: 100-continue that the application refuses': async ({ client, application }) => {
    client.send(head('POST / HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 4'));
    const request = await application.next();
    request.answer(answered('417 Expectation Failed', ['content-length: 0']));
    const answer = await client.answer();
    assert(answer?.start.includes('417'));
  },
  'Expect: 100-continue of a client that doesn’t wait': async ({ client, application }) => {
    client.send(head('POST / HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 4') + 'body');
    const request = await application.next();
    await request.whole();
    request.answer(answered('200 OK', ['content-length: 0']));
    await client.answer();
  },
  'early hints': async ({ client, application }) => {
    client.send(get('/'));
    const request = await application.next();
    await request.whole();
    request.write(answered('103 Early Hints', ['link: </a.css>; rel=preload']));
    request.answer(answered('200 OK', ['content-length: 0']));
    const first = await client.answer();
    if (first?.start.includes(' 103 ')) await client.answer();
  },
  processing: async ({ client, application }) => {
    client.send(get('/'));
    const request = await application.next();
    await request.whole();
    request.write(answered('102 Processing'));
    request.answer(answered('200 OK', ['content-length: 0']));
    const first = await client.answer();
    if (first?.start.includes(' 102 ')) await client.answer();
  },
};

const STREAMS: Record<string, Play> = {
  'server-sent events arrive one by one': async ({ client, application }) => {
    client.send(get('/events', 'Accept: text/event-stream'));
    const request = await application.next();
    await request.whole();
    request.write(answered('200 OK', ['content-type: text/event-stream', 'transfer-encoding: chunked']));
    assert.notEqual(await client.stream.until('\r\n\r\n'), null);
    for (const event of ['data: one\n\n', 'data: two\n\n', 'data: three\n\n']) {
      request.write(chunks(event));
      // Before the next is sent, this one is here.
      assert.notEqual(await client.stream.until(event), null);
    }
    request.answer('0\r\n\r\n');
    await client.stream.until('0\r\n\r\n');
  },
  'a request’s body arrives piece by piece': async ({ client, application }) => {
    client.send(head('POST /slow HTTP/1.1', 'Content-Length: 6'));
    const request = await application.next();
    client.send('abc');
    assert.equal(String(await request.stream.take(3)), 'abc');
    client.send('def');
    assert.equal(String(await request.stream.take(3)), 'def');
    request.answer(answered('200 OK', ['content-length: 0', 'connection: close']));
    request.stream.socket.end();
    await client.answer();
  },
  'pipelined requests are answered in order': async ({ client }) => {
    client.send(get('/one') + head('POST /two HTTP/1.1', 'Content-Length: 4') + 'body' + get('/three'));
    for (let index = 0; index < 3; index += 1) await client.answer();
  },
  'a request in single bytes': async ({ client }) => {
    // Istio's sniffing wants to see a whole first line.
    client.send('GET /bytes HTTP/1.1\r\n');
    for (const byte of 'Host: orders\r\nX-A: b\r\n\r\n') client.send(byte);
    await client.answer();
  },
  'empty lines before a request': ask(`\r\n\r\n${get('/')}`),
  'ten requests on one connection': async ({ client }) => {
    for (let index = 0; index < 10; index += 1) {
      client.send(get(`/${index}`));
      await client.answer();
    }
  },
  'an answer before the request is complete': async ({ client, application }) => {
    client.send(head('POST /early HTTP/1.1', `Content-Length: ${MEGA.length}`) + KILO);
    const request = await application.next();
    request.answer(answered('413 Payload Too Large', ['content-length: 4'], 'much'));
    await client.answer();
  },
  'a client that half-closes before its answer': async ({ client, application }) => {
    client.send(get('/half'));
    const request = await application.next();
    await request.whole();
    client.end();
    assert.equal(await client.answer(), null);
    request.stream.socket.destroy();
  },
};

const WEBSOCKET = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

const UPGRADES: Record<string, Play> = {
  'a WebSocket upgrade and bytes both ways': async ({ client, application, note }) => {
    client.send(get('/socket', ...WEBSOCKET));
    const request = await application.next();
    await request.whole();
    request.write(
      answered('101 Switching Protocols', [
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      ]),
    );
    await client.answer();
    client.send('\x81\x05hello');
    note('saw', String(await request.stream.take(7)));
    request.write('\x81\x05world');
    note('got', String(await client.stream.take(7)));
    client.end();
    note('saw', `then ${(await request.stream.rest()).length} bytes`);
  },
  'a WebSocket upgrade that the application refuses': async ({ client, application }) => {
    client.send(get('/socket', ...WEBSOCKET));
    const request = await application.next();
    await request.whole();
    request.answer(answered('403 Forbidden', ['content-length: 2'], 'no'));
    await client.answer();
  },
  'an upgrade in other letters': async ({ client, application, note }) => {
    client.send(
      get('/socket', 'Connection: keep-alive, UPGRADE', 'Upgrade: WebSocket', ...WEBSOCKET.slice(2)),
    );
    const request = await application.next();
    await request.whole();
    request.write(answered('101 Switching Protocols', ['Upgrade: WebSocket', 'Connection: Upgrade']));
    await client.answer();
    client.end();
    note('saw', `then ${(await request.stream.rest()).length} bytes`);
  },
};

export const CONVERSATIONS: Readonly<Record<string, Play>> = {
  ...METHODS,
  ...SIZES,
  ...TARGETS,
  ...FIELDS,
  ...ANSWERS,
  ...TRAILERS,
  ...INTERIM,
  ...STREAMS,
  ...UPGRADES,
};
