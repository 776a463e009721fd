import { once } from 'node:events';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { beforeAll, describe, expect, it } from 'vitest';
import { ALLOW_WEB, closeOf, type Pair } from '../support/sidecar-pair.ts';
import { usePair } from '../support/use-pair.ts';

/** An address of this machine that isn't loopback: what an engine's bridge is to the docker runtime. */
const bridge = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

describe.skipIf(bridge === undefined)('an outbound listener on a bridge', () => {
  let pair: Pair;

  usePair((both) => ({ pair } = both));
  beforeAll(async () => {
    await pair.publish({
      policies: [ALLOW_WEB],
      edit: (snapshot) => {
        for (const listener of snapshot.instances[0]?.outbound ?? []) {
          if (listener.kind === 'peer') listener.listen.host = bridge ?? '';
        }
      },
    });
  });

  /** Connects, does something, sends a request, and tells what came back. */
  const request = async (between: (socket: net.Socket) => Promise<void>): Promise<string> => {
    const socket = net.connect(pair.at('web-0', 'orders:80'));
    let answer = '';
    socket.on('data', (data: Buffer) => (answer += data.toString()));
    const closed = closeOf(socket);
    await once(socket, 'connect');
    await between(socket);
    socket.write('GET /x HTTP/1.1\r\nHost: orders:80\r\nConnection: close\r\n\r\n');
    await closed;
    return answer;
  };
  const declare = (socket: net.Socket, tag: string) =>
    pair.plane.declareSource({
      localAddress: socket.localAddress ?? '',
      localPort: socket.localPort ?? 0,
      ip: '10.244.0.1',
      tag,
    });

  it('answers no stranger, and records it', async () => {
    expect(await request(() => Promise.resolve())).toBe('');
    expect(await pair.seen()).toMatchObject([
      { owner: 'web-0', from: { ip: bridge }, decision: { reason: 'not-own-instance' } },
    ]);
  });

  it('answers no stranger who comes beside a declared caller', async () => {
    const inner: string[] = [];
    await request(async (socket) => {
      await declare(socket, 'run/a/1');
      inner.push(await request(() => Promise.resolve()));
    });
    expect(inner).toEqual(['']);
  });

  it('records a stranger that leaves without a word', async () => {
    const socket = net.connect(pair.at('web-0', 'orders:80'));
    await once(socket, 'connect');
    socket.destroy();
    await once(socket, 'close');
    await expect.poll(() => pair.seen()).toMatchObject([{ decision: { reason: 'not-own-instance' } }]);
  });

  it('serves a caller that the session declared after its connect and before its first byte', async () => {
    expect(await request((socket) => declare(socket, 'run/a/2'))).toMatch(/^HTTP\/1\.1 \d/);
    const events = await pair.seen();
    expect(events.map(({ direction, tag }) => `${direction} ${tag}`)).toContain('outbound run/a/2');
    expect(events.at(-1)?.from.workload).toBe('web');
  });
});
