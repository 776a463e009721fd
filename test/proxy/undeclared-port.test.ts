/** A port that nobody declared: each connection's own words tell whether it is HTTP, as Istio's chains have it. */
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { compilePolicies } from '../../policy/compile.ts';
import { connectHttp2 } from '../support/http2-client.ts';
import { startHttp2Application } from '../support/http2-application.ts';
import { listenLocally } from '../support/local-server.ts';
import { config } from '../support/policies.ts';
import {
  ask,
  authorizationPolicy,
  closeOf,
  sendRaw,
  startPair,
  WEB,
  type Application,
  type Pair,
  type PairOptions,
} from '../support/sidecar-pair.ts';
import { usePair } from '../support/use-pair.ts';

/** By HTTP it denies one path; at TCP, where there is no path, everything. */
const DENY_ADMIN = authorizationPolicy('deny-admin', {
  action: 'DENY',
  rules: [{ to: [{ operation: { paths: ['/admin'] } }] }],
});

async function publish(pair: Pair, { policies = [], ...options }: PairOptions = {}): Promise<void> {
  const target = { namespace: 'shop', labels: {}, serviceAccount: 'orders' };
  await pair.publish({
    ...options,
    policies,
    protocol: 'auto',
    edit: (snapshot) => {
      const port = snapshot.instances[1]?.inbound[0];
      if (port !== undefined)
        port.tcpPolicy = compilePolicies(policies, target, { port: 8080, protocol: 'tcp' }, config);
      options.edit?.(snapshot);
    },
  });
  await pair.clear();
}

describe('with an application that speaks HTTP/1.1', () => {
  let application: Application;
  let pair: Pair;
  usePair((both) => ({ application, pair } = both));

  it('denies by path what begins as HTTP, and whatever else by the rule without its path', async () => {
    await publish(pair, { policies: [DENY_ADMIN], mtls: 'PERMISSIVE' });
    const at = pair.at('orders-0', '8080');
    expect((await ask(at, { path: '/admin' })).status).toBe(403);
    expect(await sendRaw(at, 'HELLO\r\n\r\n')).toBe('');
    expect(await sendRaw(at, 'GET /ok HTTP/1.0\r\n\r\n')).toBe('');
    expect(application.requests).toEqual([]);
    expect((await ask(at, { path: '/ok' })).status).toBe(200);
    expect((await pair.seen()).map(({ kind, decision }) => `${kind} ${decision.verdict}`)).toEqual([
      'http deny',
      'tcp deny',
      'tcp deny',
      'http allow',
    ]);
  });

  it('lets no bytes in where a snapshot has no policy for them', async () => {
    await publish(pair, {
      mtls: 'PERMISSIVE',
      edit: (snapshot) => delete snapshot.instances[1]?.inbound[0]?.tcpPolicy,
    });
    expect(await sendRaw(pair.at('orders-0', '8080'), 'HELLO\r\n')).toBe('');
    expect(application.requests).toEqual([]);
  });

  it.each(['STRICT', 'PERMISSIVE', 'DISABLE'] as const)(
    'takes HTTP from a peer’s sidecar, mode %s',
    async (mtls) => {
      await publish(pair, {
        policies: [DENY_ADMIN],
        mtls,
        edit: (snapshot) => {
          for (const port of snapshot.services[0]?.ports ?? []) if (mtls === 'DISABLE') port.tls = 'DISABLE';
        },
      });
      for (const key of ['orders:80', 'http-proxy']) {
        const at = pair.at('web-0', key);
        const url = key === 'http-proxy' ? 'http://orders' : '';
        expect((await ask(at, { path: `${url}/ok`, headers: { host: 'orders' } })).status).toBe(200);
        expect((await ask(at, { path: `${url}/admin`, headers: { host: 'orders' } })).status).toBe(403);
      }
      expect(application.requests).toEqual(['GET /ok', 'GET /ok']);
      const inbound = (await pair.seen()).filter(({ direction }) => direction === 'inbound');
      expect(inbound.map(({ kind }) => kind)).toEqual(['http', 'http', 'http', 'http']);
      expect(inbound[0]?.from.spiffeId).toBe(mtls === 'DISABLE' ? null : WEB);
    },
  );

  it('carries HTTP/1.0 as bytes to the service, from a listener of its own and through a tunnel', async () => {
    await publish(pair);
    const get = 'GET /old HTTP/1.0\r\n\r\n';
    expect(await sendRaw(pair.at('web-0', 'orders:80'), get)).toMatch(/^HTTP\/1\.1 200 /);
    const connect = 'CONNECT orders:80 HTTP/1.1\r\nHost: orders:80\r\n\r\n';
    expect(await sendRaw(pair.at('web-0', 'http-proxy'), connect + get)).toMatch(
      /^HTTP\/1\.1 200 Connection Established\r\n\r\nHTTP\/1\.1 200 /,
    );
    expect(application.requests).toEqual(['GET /old', 'GET /old']);
    const outbound = (await pair.seen()).filter(({ direction }) => direction === 'outbound');
    expect(outbound.map(({ kind }) => kind)).toEqual(['tcp', 'tcp']);
  });

  it('STRICT takes mutual TLS without a sidecar’s names for bytes', async () => {
    await publish(pair, { policies: [DENY_ADMIN] });
    const leaf = await pair.leaf({ spiffeId: WEB, fault: 'none' });
    const socket = tls.connect({
      ...pair.at('orders-0', '8080'),
      cert: leaf.certificateChainPem,
      key: leaf.privateKey.reveal(),
      rejectUnauthorized: false,
    });
    await once(socket, 'secureConnect');
    const closed = closeOf(socket);
    socket.resume();
    socket.write('GET /ok HTTP/1.1\r\nHost: orders\r\n\r\n');
    await closed;
    expect(application.requests).toEqual([]);
    expect(await pair.seen()).toMatchObject([{ kind: 'tcp', decision: { verdict: 'deny' } }]);
  });
});

it('speaks HTTP/2 to the application of an HTTP/2 client', async () => {
  const application = await startHttp2Application();
  const pair = await startPair(application.address);
  await publish(pair);
  const client = await connectHttp2(pair.at('web-0', 'orders:80'));
  expect(await client.ask({ ':path': '/echo', ':method': 'POST' }, 'ping')).toMatchObject({
    status: 200,
    body: 'ping',
  });
  expect((await pair.seen()).map(({ request }) => request?.protocol)).toEqual(['http2', 'http2']);
  await client.close();
  await pair.close();
  await application.close();
});

it('carries bytes from a client to the application through both sidecars', async () => {
  const server = net.createServer((socket) => socket.on('data', (chunk) => socket.end(`got ${chunk}`)));
  const port = await listenLocally(server);
  const pair = await startPair({ host: '127.0.0.1', port });
  await publish(pair);
  expect(await sendRaw(pair.at('web-0', 'orders:80'), 'HELLO\r\n')).toBe('got HELLO\r\n');
  const events = (await pair.seen()).toSorted((a, b) => (a.direction < b.direction ? -1 : 1));
  expect(events).toMatchObject([
    { kind: 'tcp', direction: 'inbound', from: { spiffeId: WEB }, decision: { verdict: 'allow' } },
    { kind: 'tcp', direction: 'outbound', decision: { verdict: 'allow' } },
  ]);
  await pair.close();
  server.close();
  await once(server, 'close');
});
