/** A client's sidecar that tells connections apart by the name in their ClientHello, on the wire. */
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CompiledRoutes, TcpChain } from '../../policy/routes/compiled-routes.ts';
import { routesOfServices } from '../../proxy/routing/routes-of-services.ts';
import { listenLocally } from '../support/local-server.ts';
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
  const port = await listenLocally(server);
  pair = await startPair({ host: '127.0.0.1', port });
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
      addOutside(routes);
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

/** As of a ServiceEntry for ext.example, whose server stands here. */
function addOutside({ listeners, clusters }: CompiledRoutes): void {
  const [chain] = listeners.flatMap(({ tcp }) => tcp);
  const [cluster] = Object.values(clusters);
  if (chain === undefined || cluster === undefined) throw new Error('the pair has a service');
  const name = 'outbound|443||ext.example';
  const destinations = chain.destinations.map((one) => ({ ...one, cluster: name }));
  listeners.push({
    address: '0.0.0.0',
    port: 443,
    http: null,
    tcp: [{ ...chain, serverNames: ['ext.example'], destinations }],
  });
  const standIn = { host: '127.0.0.1', port: (server.address() as net.AddressInfo).port };
  clusters[name] = {
    ...cluster,
    name,
    host: 'ext.example',
    port: 443,
    tls: { mode: 'DISABLE' },
    endpoints: [{ host: 'ext.example', port: 443, weight: 1, meshed: false, instance: null, standIn }],
  };
}

/** What comes of `servername` in a tunnel to `target`; null = the tunnel is refused. */
async function tunnelled(target: string, servername: string): Promise<string | null> {
  const raw = net.connect(pair.at('web-0', 'http-proxy'));
  raw.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`);
  const [head] = (await once(raw, 'data')) as [Buffer];
  if (!head.toString().startsWith('HTTP/1.1 200')) {
    raw.destroy();
    return null;
  }
  return answerOf(tls.connect({ socket: raw, servername, rejectUnauthorized: false }));
}

async function said(servername: string): Promise<string> {
  return answerOf(tls.connect({ ...pair.at('web-0', 'orders:80'), servername, rejectUnauthorized: false }));
}

async function answerOf(socket: tls.TLSSocket): Promise<string> {
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

describe('a tunnel out of the mesh', () => {
  it('is refused to a name that nobody knows, at a port where names are known', async () => {
    expect(await tunnelled('other.example:443', 'ext.example')).toBeNull();
    expect(await tunnelled('ext.example:444', 'ext.example')).toBeNull();
    expect(got).toEqual([]);
  });

  it('is closed where its ClientHello says another name than its target', async () => {
    expect(await tunnelled('ext.example:443', 'other.example')).toBe('');
    expect(await decisionOf()).toMatchObject({ verdict: 'deny', reason: 'unknown-server-name' });
    expect(got).toEqual([]);
  });

  it('goes to the service of the name, and is told by its cluster', async () => {
    expect(await tunnelled('ext.example:443', 'ext.example')).toBe('served');
    expect((await pair.seen()).find(({ owner }) => owner === 'web-0')).toMatchObject({
      kind: 'tcp',
      route: { cluster: 'outbound|443||ext.example' },
      decision: { verdict: 'allow' },
    });
    expect(got).toEqual(['a question']);
  });
});
