/** Who says what when: trailers, interim answers, bodies in pieces, upgrades. */
import assert from 'node:assert/strict';
import { answered, ask, chunks, get, head, KILO, MEGA, type Play } from './messages.ts';

export const TRAILERS: Record<string, Play> = {
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

export const INTERIM: Record<string, Play> = {
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

export const STREAMS: Record<string, Play> = {
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

export const UPGRADES: Record<string, Play> = {
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
