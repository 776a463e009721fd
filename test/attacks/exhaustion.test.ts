/** Attacks that cost time and memory (catalogue D), on the wire, with the application's log as witness. */
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listenLocally } from '../support/local-server.ts';
import { ALLOW_WEB, startPair, WEB } from '../support/sidecar-pair.ts';
import { eventually } from '../support/patience.ts';
import { type Attacked, get, message, inBothLanes, startAttacked } from './attacked-pair.ts';
import { expectBlocked } from './outcomes.ts';

const LIMITS = { headerTimeoutMs: 300, idleTimeoutMs: 400, tunnelIdleTimeoutMs: 400 };
inBothLanes((lanes) => {
  let scene: Attacked;
  beforeAll(async () => {
    scene = await startAttacked({ ...LIMITS, lanes });
    await scene.protect([ALLOW_WEB]);
  });
  afterAll(() => scene.close());

  describe('a client that is slow', () => {
    it('D3: whose head never ends is answered 408 and closed', async () => {
      const outcome = await scene.attack('GET /x HTTP/1.1\r\nHost: orders\r\nX-A: ', { until: 'closed' });
      expectBlocked(outcome, 408, 'codec');
    });
    it('D4: whose body never ends is closed, and the application gets no complete body', async () => {
      const bytes = message('POST', '/x', ['Host: orders', 'Content-Length: 10'], 'ab');
      const outcome = await scene.attack(bytes, { until: 'closed' });
      expect(outcome.statuses).not.toContain(200);
      expect(outcome.arrived.filter(({ body }) => body.length === 10)).toEqual([]);
    });
  });

  describe('a head that is too large', () => {
    it('D5: of 61 KiB is answered 431', async () => {
      const outcome = await scene.attack(get('/x', `X-A: ${'a'.repeat(61 * 1024)}`), { until: 'closed' });
      expectBlocked(outcome, 431, 'codec');
    });
    it('D5: of a cookie of 61 KiB in many fields is answered 431', async () => {
      const cookies = Array.from({ length: 61 }, () => `Cookie: a=${'b'.repeat(1020)}`);
      expectBlocked(await scene.attack(get('/x', ...cookies), { until: 'closed' }), 431, 'codec');
    });
    it('D5: of more than a hundred fields is answered 431', async () => {
      const fields = Array.from({ length: 101 }, (_, index) => `X-${index}: a`);
      expectBlocked(await scene.attack(get('/x', ...fields)), 431, 'codec');
    });
    it('D5: whose path alone is 61 KiB is answered 431', async () => {
      expectBlocked(await scene.attack(get(`/${'a'.repeat(61 * 1024)}`), { until: 'closed' }), 431, 'codec');
    });
  });

  describe('bodies', () => {
    it('D7: a compressed body passes as it is: a sidecar unpacks nothing', async () => {
      const body = '\x1f\x8b\x08\x00\x00';
      const bytes = message(
        'POST',
        '/x',
        ['Host: orders', 'Content-Encoding: gzip', 'Content-Length: 5'],
        body,
      );
      expect((await scene.attack(bytes)).arrived).toMatchObject([{ body }]);
    });
    it('D11: a body of one-byte chunks arrives whole', async () => {
      const body = `${'1\r\na\r\n'.repeat(2_000)}0\r\n\r\n`;
      const bytes = message('POST', '/x', ['Host: orders', 'Transfer-Encoding: chunked'], body);
      expect((await scene.attack(bytes)).arrived).toMatchObject([{ body: 'a'.repeat(2_000) }]);
    });
    it('D11: chunk extensions without end are cut off', async () => {
      const body = `1;${'a'.repeat(64 * 1024)}\r\na\r\n0\r\n\r\n`;
      const bytes = message('POST', '/x', ['Host: orders', 'Transfer-Encoding: chunked'], body);
      const outcome = await scene.attack(bytes, { until: 'closed' });
      expect(outcome.statuses).not.toContain(200);
      expect(outcome.arrived.filter((arrived) => arrived.body !== '')).toEqual([]);
    });
    it('D11: five hundred pipelined requests are answered one by one, in order', async () => {
      const wanted = Array.from({ length: 500 }, (_, index) => `/${index}`);
      const outcome = await scene.attack(wanted.map((path) => get(path)).join(''), { until: 500 });
      expect(outcome.statuses).toHaveLength(500);
      expect(outcome.arrived.map(({ target }) => target)).toEqual(wanted);
    });
  });

  /** Twenty looks in a row at a counter that began and doesn't move. */
  async function standstill(counter: () => number): Promise<void> {
    let seen = 0;
    let looks = 0;
    await eventually('the flood stands still', () => {
      looks = counter() === seen ? looks + 1 : 0;
      seen = counter();
      return seen > 0 && looks >= 20;
    });
  }

  describe('a client that does not read', () => {
    it('D4: holds back the application: no more than a few buffers of its answer are in memory', async () => {
      let sent = 0;
      const chunk = Buffer.alloc(64 * 1024);
      const flood = net.createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n');
          const more = (): void => {
            while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
          };
          socket.on('drain', more);
          more();
        });
      });
      const port = await listenLocally(flood);
      const pair = await startPair({ host: '127.0.0.1', port }, { lanes });
      try {
        await pair.publish({ policies: [ALLOW_WEB] });
        const leaf = await pair.leaf({ spiffeId: WEB, fault: 'none' });
        const socket = tls.connect({
          ...pair.at('orders-0', '8080'),
          rejectUnauthorized: false,
          ALPNProtocols: ['istio'],
          cert: leaf.certificateChainPem,
          key: leaf.privateKey.reveal(),
        });
        socket.on('error', () => undefined);
        await once(socket, 'secureConnect');
        socket.pause();
        socket.write(get('/x'));
        await standstill(() => sent);
        expect(sent).toBeLessThan(32 * 1024 * 1024);
        socket.destroy();
      } finally {
        await pair.close();
        flood.close();
        await once(flood, 'close');
      }
    });
  });

  describe('a WebSocket', () => {
    it('D12: on which nothing moves is closed', async () => {
      const idle = net.createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () =>
          socket.write(
            'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
          ),
        );
      });
      const port = await listenLocally(idle);
      const pair = await startPair({ host: '127.0.0.1', port }, { ...LIMITS, lanes });
      try {
        await pair.publish({ policies: [ALLOW_WEB] });
        const socket = net.connect(pair.at('web-0', 'orders:80'));
        socket.on('error', () => undefined);
        socket.write(message('GET', '/x', ['Host: orders', 'Connection: Upgrade', 'Upgrade: websocket']));
        const [head] = (await once(socket, 'data')) as [Buffer];
        expect(head.toString('latin1')).toContain('101 Switching Protocols');
        socket.resume();
        await once(socket, 'close');
      } finally {
        await pair.close();
        idle.close();
        await once(idle, 'close');
      }
    });
  });
});
