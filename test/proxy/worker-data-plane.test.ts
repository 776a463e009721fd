import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { DataPlane } from '../../proxy/data-plane.ts';
import { startDataPlane } from '../../proxy/worker-data-plane.ts';
import { ALLOW_WEB, ask, closeOf, WEB } from '../support/sidecar-pair.ts';
import { ownPair } from '../support/use-pair.ts';

describe('the data plane on its thread', () => {
  it('listens nowhere and passes nothing before its first snapshot', async () => {
    const plane = await startDataPlane();
    await plane.flush();
    await plane.close();
  });

  it('closes twice without complaint, and answers no call afterwards', async () => {
    const plane: DataPlane = await startDataPlane();
    await Promise.all([plane.close(), plane.close()]);
    await plane.close();
    await expect(plane.flush()).rejects.toThrow('ended');
  });

  it('closes open connections with it', async () => {
    const { pair } = await ownPair();
    await pair.publish({ mtls: 'DISABLE' });
    const socket = net.connect(pair.at('orders-0', '8080'));
    await once(socket, 'connect');
    const closed = closeOf(socket);
    await pair.close();
    await closed;
    await expect(ask(pair.at('orders-0', '8080'))).rejects.toThrow();
  });

  it('delivers the events of what has ended before a flush', async () => {
    const { pair } = await ownPair();
    await pair.publish({ policies: [ALLOW_WEB] });
    for (let round = 1; round <= 20; round += 1) {
      await ask(pair.at('web-0', 'orders:80'));
      expect(await pair.seen()).toHaveLength(round * 2);
    }
  });

  it('reads a ClientHello that comes byte by byte', async () => {
    const { pair } = await ownPair();
    await pair.publish({ mtls: 'PERMISSIVE', policies: [ALLOW_WEB] });
    const leaf = await pair.leaf({ spiffeId: WEB, fault: 'none' });
    const { host, port } = pair.at('orders-0', '8080');
    const raw = net.connect({ host, port, noDelay: true });
    await once(raw, 'connect');
    const dripping = dripper(raw);
    const socket = tls.connect({
      socket: dripping,
      key: leaf.privateKey.reveal(),
      cert: leaf.certificateChainPem,
      ALPNProtocols: ['istio-http/1.1', 'istio', 'http/1.1'],
      rejectUnauthorized: false,
    });
    await once(socket, 'secureConnect');
    socket.write('GET / HTTP/1.1\r\nHost: orders\r\nConnection: close\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 200/);
    socket.destroy();
    raw.destroy();
  });
});

/** Writes the first flight one byte at a time. */
function dripper(raw: net.Socket): net.Socket {
  const write = raw.write.bind(raw);
  let first = true;
  raw.write = ((chunk: Buffer, ...rest: unknown[]): boolean => {
    if (!first) return (write as (...all: unknown[]) => boolean)(chunk, ...rest);
    first = false;
    for (const byte of chunk) write(Buffer.from([byte]));
    const done = rest.find((value) => typeof value === 'function') as (() => void) | undefined;
    if (done) setImmediate(done);
    return true;
  }) as typeof raw.write;
  return raw;
}
