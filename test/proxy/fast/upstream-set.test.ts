import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { UpstreamSet } from '../../../proxy/fast/upstream-set.ts';
import { listenLocally } from '../../support/local-server.ts';

const servers: net.Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => once(server.close(), 'close')));
});

/** A server that does `greet` with each connection. */
async function serverThat(greet: (socket: net.Socket) => void): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined).resume();
    greet(socket);
  });
  servers.push(server);
  return listenLocally(server);
}

function setTo(port: number, ready: (socket: net.Socket) => Promise<unknown>): UpstreamSet {
  return new UpstreamSet(
    async ({ onread }) => {
      const stream = net.connect({ host: '127.0.0.1', port, onread });
      await once(stream, 'connect');
      await ready(stream);
      return { stream, peer: null };
    },
    () => 0,
    1_000,
  );
}

describe('a connection to an upstream', () => {
  it('that speaks before anybody asked is closed', async () => {
    const port = await serverThat((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
    // Something has been read once the count of bytes says so.
    const set = setTo(port, async (socket) => {
      while (socket.bytesRead === 0) await new Promise((resolve) => setImmediate(resolve));
    });
    const made = await set.dial();
    expect(made.stream.destroyed).toBe(true);
    expect(set.take(null)).toBeNull();
  });

  it('that is idle is closed by bytes that nobody asked for', async () => {
    let speak = (): void => undefined;
    const port = await serverThat((socket) => {
      speak = () => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
    const set = setTo(port, async () => undefined);
    const made = await set.dial();
    set.put(made, null);
    expect(set.take(made)).toBe(made);
    set.put(made, null);
    speak();
    await once(made.stream, 'close');
    expect(set.take(null)).toBeNull();
  });

  it('that its peer ends is not taken again', async () => {
    let end = (): void => undefined;
    const port = await serverThat((socket) => {
      end = () => void socket.end();
    });
    const set = setTo(port, async () => undefined);
    const made = await set.dial();
    set.put(made, null);
    end();
    await once(made.stream, 'close');
    expect(set.take(null)).toBeNull();
    set.close();
  });
});
