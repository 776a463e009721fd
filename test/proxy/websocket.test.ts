import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { startHttp2Application } from '../support/http2-application.ts';
import { ALLOW_WEB, DENY_ALL, type Pair, startPair, WEB } from '../support/sidecar-pair.ts';

const MESSAGES = 1_000;

describe('a WebSocket through the pair', () => {
  let server: WebSocketServer;
  let pair: Pair;
  let opened = 0;

  beforeAll(async () => {
    server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    server.on('connection', (socket) => {
      opened += 1;
      socket.on('message', (data, binary) => socket.send(data, { binary }));
    });
    const { port } = server.address() as AddressInfo;
    pair = await startPair({ host: '127.0.0.1', port });
  });
  afterAll(async () => {
    await pair.close();
    server.close();
    await once(server, 'close');
  });

  function connect(): WebSocket {
    const { host, port } = pair.at('web-0', 'orders:80');
    return new WebSocket(`ws://${host}:${port}/echo`);
  }

  it('isn’t opened against the policy', async () => {
    await pair.publish({ policies: [DENY_ALL] });
    const [error] = (await once(connect(), 'error')) as [Error];
    expect(error.message).toContain('403');
    expect(opened).toBe(0);
  });

  it(`echoes ${MESSAGES} messages of every size, in order`, async () => {
    await pair.publish({ policies: [ALLOW_WEB] });
    const socket = connect();
    await once(socket, 'open');
    const sent = Array.from(
      { length: MESSAGES },
      (_, index) => `${index}:${'x'.repeat((index * 37) % 20_000)}`,
    );
    const got: string[] = [];
    const all = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        got.push(data.toString());
        if (got.length === MESSAGES) resolve();
      });
    });
    for (const message of sent) socket.send(message);
    await all;
    expect(got).toEqual(sent);
    socket.close(1000, 'done');
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1000);
    const events = await pair.seen();
    expect(events.filter(({ response }) => response?.status === 101)).toHaveLength(2);
  });

  it('towards an application that speaks HTTP/2 is refused, and nothing is sent', async () => {
    const application = await startHttp2Application();
    await pair.publish({
      policies: [ALLOW_WEB],
      protocol: 'http2',
      edit: ({ instances }) => {
        for (const { inbound } of instances) for (const port of inbound) port.upstream = application.address;
      },
    });
    await pair.clear();
    const leaf = await pair.leaf({ spiffeId: WEB, fault: 'none' });
    const { host, port } = pair.at('orders-0', '8080');
    const socket = new WebSocket(`wss://${host}:${port}/echo`, {
      cert: leaf.certificateChainPem,
      key: leaf.privateKey.reveal(),
      rejectUnauthorized: false,
    });
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toContain('502');
    expect(application.requests).toEqual([]);
    expect((await pair.seen())[0]?.decision).toMatchObject({ status: 502, reason: 'upgrade-towards-http2' });
    await application.close();
  });
});
