/** What an application may answer, and how it may fail to. */
import { gzipSync } from 'node:zlib';
import { answered, chunks, get, head, KILO, reply, type Play } from './messages.ts';

export const ANSWERS: Record<string, Play> = {
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
