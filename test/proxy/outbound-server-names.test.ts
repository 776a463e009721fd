/** A client's sidecar that tells connections apart by the name in their ClientHello, on the wire. */
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TcpChain } from '../../policy/routes/compiled-routes.ts';
import { routesOfServices } from '../../proxy/routing/routes-of-services.ts';
import { closeOf, ORDERS, startPair, type Pair } from '../support/sidecar-pair.ts';

let server: tls.Server;
let pair: Pair;
const got: string[] = [];
beforeAll(async () => {
  server = tls.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      got.push(chunk.toString());
      socket.end('served');
    });
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  pair = await startPair({ host: '127.0.0.1', port: (server.address() as net.AddressInfo).port });
  const own = await pair.leaf({ spiffeId: ORDERS, fault: 'none' });
  server.setSecureContext({ cert: own.certificateChainPem, key: own.privateKey.reveal() });
  await pair.publish({
    protocol: 'tls',
    edit: (snapshot) => {
      const routes = routesOfServices(snapshot, 'shop');
      for (const listener of routes.listeners)
        listener.tcp = listener.tcp.map(
          (chain): TcpChain => ({ ...chain, serverNames: ['a.example', '*.b.example'] }),
        );
      Object.assign(snapshot, { routes: { web: routes } });
      Object.assign(snapshot.instances[0] ?? {}, { routes: 'web' });
    },
  });
});
afterAll(async () => {
  await pair.close();
  server.close();
});
beforeEach(async () => {
  await pair.clear();
  got.length = 0;
});

async function said(servername: string): Promise<string> {
  const socket = tls.connect({ ...pair.at('web-0', 'orders:80'), servername, rejectUnauthorized: false });
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  socket.write('a question');
  await closeOf(socket);
  return answer;
}

const decisionOf = async () => (await pair.seen()).find(({ owner }) => owner === 'web-0')?.decision;

describe('a connection to a port with chains by server name', () => {
  it.each(['other.example', 'b.example'])('is closed with the name %s, and told', async (name) => {
    expect(await said(name)).toBe('');
    expect(await decisionOf()).toMatchObject({
      verdict: 'deny',
      phase: 'egress',
      reason: 'unknown-server-name',
    });
    expect(got).toEqual([]);
  });

  it('is closed without TLS', async () => {
    const socket = net.connect(pair.at('web-0', 'orders:80'));
    socket.write('plaintext');
    await closeOf(socket);
    expect(await decisionOf()).toMatchObject({ verdict: 'deny', reason: 'unknown-server-name' });
    expect(got).toEqual([]);
  });

  it.each(['a.example', 'x.b.example'])('goes its way with the name %s', async (name) => {
    expect(await said(name)).toBe('served');
    expect(await decisionOf()).toMatchObject({ verdict: 'allow' });
    expect(got).toEqual(['a question']);
  });
});
