import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ALLOW_WEB,
  ask,
  DENY_ALL,
  sendRaw,
  startApplication,
  startPair,
  type Application,
  type Pair,
} from '../support/sidecar-pair.ts';
import { stillness } from '../support/stillness.ts';

let application: Application;
let pair: Pair;

async function start(
  handler: http.RequestListener | undefined = undefined,
): Promise<{ host: string; port: number }> {
  application = await startApplication(handler);
  pair = await startPair(application.address);
  await pair.publish({ policies: [ALLOW_WEB] });
  return pair.at('web-0', 'orders:80');
}

afterEach(async () => {
  await pair.close();
  await application.close();
});

describe('an exchange that fails', () => {
  it('an application that closes without an answer is 503, and nothing is retried', async () => {
    const at = await start((request) => request.socket.destroy());
    const answer = await ask(at, { method: 'POST', path: '/x', body: 'y' });
    expect(answer.status).toBe(503);
    expect(answer.body).toBe(
      'upstream connect error or disconnect/reset before headers. reset reason: connection termination',
    );
    expect(application.requests).toEqual(['POST /x']);
    const [event] = await pair.seen();
    expect(event?.decision).toMatchObject({
      verdict: 'deny',
      phase: 'upstream',
      reason: 'upstream-reset',
      status: 503,
    });
  });

  it('an application that is not there is 503', async () => {
    const at = await start();
    await application.close();
    const answer = await ask(at);
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('remote connection failure');
    application = await startApplication();
  });

  it('an answer that breaks off reaches the client as a break, not as a short answer', async () => {
    const at = await start((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.socket?.destroy());
    });
    await expect(ask(at)).rejects.toThrow();
    const [event] = await pair.seen();
    expect(event).toMatchObject({
      response: { status: 200, bodyBytes: 4 },
      decision: { details: expect.stringContaining('upstream_reset_after_response_started') },
    });
  });

  it('an application that is no HTTP server is 502', async () => {
    const at = await start((request) => {
      request.socket.end('SSH-2.0-OpenSSH_9.9\r\n');
    });
    const answer = await ask(at);
    expect(answer).toMatchObject({ status: 502, body: expect.stringContaining('protocol error') });
  });

  it('a client that goes away takes its upstream request with it', async () => {
    const gone = Promise.withResolvers<void>();
    const at = await start((request) => {
      request.once('close', () => gone.resolve());
    });
    const request = http.request({ ...at, agent: false });
    request.on('error', () => undefined);
    request.end();
    while (application.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    request.destroy();
    await gone.promise;
    const events = await pair.seen();
    expect(events.every(({ response }) => response === null)).toBe(true);
  });
});

describe('an exchange that works', () => {
  it('carries 20 MB both ways, byte for byte', async () => {
    const size = 20 * 1024 * 1024;
    const at = await start((request, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      request.pipe(response);
    });
    const body = randomBytes(size);
    const request = http.request({ ...at, agent: false, method: 'POST' });
    request.end(body);
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const digest = createHash('sha256');
    for await (const part of response) digest.update(part as Buffer);
    expect(digest.digest('hex')).toBe(createHash('sha256').update(body).digest('hex'));
    const [event] = await pair.seen();
    expect(event).toMatchObject({ request: { bodyBytes: size }, response: { bodyBytes: size } });
  });

  it('an application that doesn’t read holds the client back', async () => {
    const size = 64 * 1024 * 1024;
    const at = await start((request) => {
      request.pause();
    });
    const socket = net.connect(at);
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    socket.write(`POST / HTTP/1.1\r\nHost: orders\r\nContent-Length: ${size}\r\n\r\n`);
    socket.write(Buffer.alloc(size));
    await stillness(() => socket.bytesWritten - socket.writableLength);
    expect(socket.bytesWritten - socket.writableLength).toBeLessThan(size);
    expect(socket.writableLength).toBeGreaterThan(0);
    socket.destroy();
  });

  it('a slow reader holds the application back', async () => {
    let written = 0;
    const at = await start((_request, response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(1024 * 1024);
      const more = (): void => {
        while (written < 64 && response.write(chunk)) written += 1;
        if (written < 64) response.once('drain', () => ((written += 1), more()));
        else response.end();
      };
      more();
    });
    const request = http.request({ ...at, agent: false });
    request.end();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.pause();
    await stillness(() => written);
    expect(written).toBeLessThan(64);
    response.destroy();
  });

  it.each(['Content-Length: 0', 'Content-Length: 2', 'X-A: 1'])(
    'a Trailer field of a message that can’t have trailers (%s) goes on, as Envoy has it',
    async (line) => {
      const at = await start();
      const bytes = `POST /x HTTP/1.1\r\nHost: orders\r\nTrailer: x-t\r\nConnection: close\r\n${line}\r\n\r\nab`;
      const answer = await sendRaw(at, line.endsWith('2') ? bytes : bytes.slice(0, -2));
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      expect(answer).toContain('"trailer":"x-t"');
    },
  );

  it.each([
    ['before a body', 'POST', ['Content-Length: 2', 'Connection: close', '', 'ab']],
    ['beside an Expect', 'GET', ['Expect: 100-continue', 'Connection: close', '', '']],
    [
      'beside an Expect and before a body',
      'POST',
      ['Expect: 100-continue', 'Content-Length: 2', 'Connection: close', '', 'ab'],
    ],
  ])('bytes above ASCII in a value arrive as they are, %s', async (_, method, rest) => {
    const at = await start();
    const bytes = [`${method} /x HTTP/1.1`, 'Host: orders', 'X-A: \xe9\xff', ...rest].join('\r\n');
    const answer = await sendRaw(at, Buffer.from(bytes, 'latin1'));
    const told = JSON.parse(Buffer.from(answer.slice(answer.indexOf('{')), 'latin1').toString('utf8')) as {
      headers: Record<string, string>;
    };
    expect(told.headers['x-a']).toBe('\xe9\xff');
  });

  it('ends trailers here in both directions, as Envoy’s HTTP/1 codec does', async () => {
    const trailers: string[] = [];
    const at = await start((request, response) => {
      request.resume();
      request.once('end', () => {
        response.writeHead(200, { trailer: 'x-sum' });
        response.write('body');
        response.addTrailers({ 'x-sum': '4' });
        trailers.push(...request.rawTrailers);
        response.end();
      });
    });
    const request = http.request({ ...at, agent: false, method: 'POST', headers: { trailer: 'x-checksum' } });
    request.write('data');
    request.addTrailers({ 'x-checksum': 'abc' });
    request.end();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    await once(response, 'end');
    expect([...trailers, ...response.rawTrailers]).toEqual([]);
  });

  it('passes 100-continue on, and only when the application gives it', async () => {
    const at = await start();
    const request = http.request({
      ...at,
      agent: false,
      method: 'PUT',
      headers: { expect: '100-continue', 'content-length': '4' },
    });
    request.flushHeaders();
    await once(request, 'continue');
    request.end('body');
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(200);
    await once(response, 'end');
    await pair.publish({ policies: [DENY_ALL] });
    const denied = http.request({
      ...at,
      agent: false,
      method: 'PUT',
      headers: { expect: '100-continue', 'content-length': '4' },
    });
    let continued = false;
    denied.on('continue', () => {
      continued = true;
    });
    denied.flushHeaders();
    const [refusal] = (await once(denied, 'response')) as [http.IncomingMessage];
    refusal.resume();
    expect(refusal.statusCode).toBe(403);
    expect(continued).toBe(false);
    denied.destroy();
  });

  it('answers pipelined requests in order, one after the other', async () => {
    let running = 0;
    let most = 0;
    const at = await start((request, response) => {
      running += 1;
      most = Math.max(most, running);
      setTimeout(
        () => {
          running -= 1;
          response.end(request.url);
        },
        request.url === '/1' ? 30 : 1,
      );
    });
    const line = (path: string, close = '') => `GET ${path} HTTP/1.1\r\nHost: orders\r\n${close}\r\n`;
    const text = await sendRaw(at, line('/1') + line('/2') + line('/3', 'Connection: close\r\n'));
    expect([...text.matchAll(/\r\n\r\n(\/\d)/g)].map((match) => match[1])).toEqual(['/1', '/2', '/3']);
    expect(most).toBe(1);
  });

  it.each([
    ['HEAD', 200, { 'content-length': '5' }],
    ['GET', 204, {}],
    ['GET', 304, { etag: '"a"' }],
  ])('%s answered %i has no body and leaves the connection usable', async (method, status, headers) => {
    const at = await start((_request, response) => response.writeHead(status, headers).end());
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const first = await ask(at, { method, agent });
    const second = await ask(at, { method, agent });
    agent.destroy();
    expect(first).toMatchObject({ status, body: '', headers });
    expect(second.status).toBe(status);
    expect(first.headers['transfer-encoding']).toBeUndefined();
  });

  it('adds nothing of its own to an answer but what Envoy adds', async () => {
    const at = await start((_request, response) => {
      response.sendDate = false;
      response.removeHeader('connection');
      response.writeHead(200, ['x-a', '1', 'x-a', '2', 'content-length', '2']);
      response.end('ok');
    });
    const answer = await ask(at, { headers: { connection: 'keep-alive' } });
    const names = answer.rawHeaders.filter((_, index) => index % 2 === 0);
    expect(names).toEqual([
      'x-a',
      'x-a',
      'content-length',
      'date',
      'x-envoy-upstream-service-time',
      'server',
    ]);
    expect(answer.headers.server).toBe('envoy');
  });

  it('keeps one connection to the application over several requests', async () => {
    const at = await start();
    for (let request = 0; request < 5; request += 1) expect((await ask(at)).status).toBe(200);
    expect(application.connections()).toBe(1);
  });

  it('tunnels WebSocket after the application agreed, and no byte before', async () => {
    const at = await start();
    application.server.on('upgrade', (request: http.IncomingMessage, socket: net.Socket, head: Buffer) => {
      expect(head.length).toBe(0);
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${request.headers['sec-websocket-key']}\r\n\r\n`,
      );
      socket.pipe(socket);
    });
    const request = http.request({
      ...at,
      agent: false,
      headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': 'abc' },
    });
    request.end();
    const [response, socket] = (await once(request, 'upgrade')) as [http.IncomingMessage, net.Socket];
    expect(response.headers['sec-websocket-accept']).toBe('abc');
    socket.write('ping');
    const [echoed] = (await once(socket, 'data')) as [Buffer];
    expect(echoed.toString()).toBe('ping');
    socket.destroy();
  });

  it('an upgrade with a body is refused, and neither reaches the application', async () => {
    const at = await start();
    const asked = ['POST / HTTP/1.1', 'Host: orders', 'Connection: Upgrade', 'Upgrade: websocket'];
    const smuggled = 'GET /admin HTTP/1.1\r\nHost: x\r\n\r\n';
    const text = await sendRaw(
      at,
      [...asked, `Content-Length: ${smuggled.length}`, '', smuggled].join('\r\n'),
    );
    expect(text).toMatch(/^HTTP\/1.1 403 /);
    expect(application.requests).toEqual([]);
  });

  it('other upgrades are refused', async () => {
    const at = await start();
    const answer = await ask(at, { headers: { connection: 'Upgrade', upgrade: 'mqtt' } });
    expect(answer.status).toBe(403);
    expect(application.requests).toEqual([]);
  });
});
