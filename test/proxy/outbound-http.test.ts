import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  ALLOW_WEB,
  ask,
  ORDERS,
  sendRaw,
  startApplication,
  WEB,
  type Application,
  type Pair,
} from '../support/sidecar-pair.ts';
import { usePair } from '../support/use-pair.ts';

let application: Application;
let pair: Pair;
usePair((both) => ({ application, pair } = both));
beforeEach(async () => {
  await pair.publish({ policies: [ALLOW_WEB] });
});

const proxy = () => pair.at('web-0', 'http-proxy');
const peer = () => pair.at('web-0', 'orders:80');
const viaProxy = (url: string) => ask(proxy(), { path: url, headers: { host: new URL(url).host } });

describe('what does not go out', () => {
  it('a host that the mesh doesn’t know is 502', async () => {
    expect(await viaProxy('http://evil.example/x')).toMatchObject({ status: 502, body: '' });
    expect(await pair.seen()).toMatchObject([
      {
        direction: 'outbound',
        from: { workload: 'web' },
        decision: { verdict: 'deny', phase: 'egress', reason: 'unknown-host', details: 'direct_response' },
      },
    ]);
  });

  it('a port that no service has closes without a word', async () => {
    await expect(viaProxy('http://orders:9999/x')).rejects.toThrow();
    expect(await pair.seen()).toMatchObject([
      { decision: { reason: 'unknown-port', phase: 'egress' }, response: null },
    ]);
  });

  it('CONNECT out of the mesh is 403', async () => {
    expect(
      await sendRaw(proxy(), 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n'),
    ).toMatch(/^HTTP\/1.1 403 /);
    expect(await pair.seen()).toMatchObject([{ decision: { verdict: 'deny', phase: 'egress' } }]);
  });

  it('a peer with another identity is 503, tried three times, and sees no byte', async () => {
    await pair.publish({ policies: [ALLOW_WEB], expected: ['spiffe://cluster.local/ns/shop/sa/payments'] });
    const answer = await ask(peer());
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('retried and the latest reset reason: remote connection failure');
    expect(application.requests).toEqual([]);
    const events = await pair.seen();
    expect(events.filter(({ direction }) => direction === 'outbound')).toMatchObject([
      {
        decision: {
          verdict: 'deny',
          phase: 'mtls',
          reason: 'unexpected-identity',
          status: 503,
          details: expect.stringContaining(`SAN_matcher,_certificate_SANs_are_[${ORDERS}]`),
        },
      },
    ]);
  });

  it('a service without endpoints is 503', async () => {
    await pair.publish({
      edit: (snapshot) => {
        for (const port of snapshot.services[0]?.ports ?? []) port.endpoints = [];
      },
    });
    expect(await ask(peer())).toMatchObject({ status: 503, body: 'no healthy upstream' });
  });

  it('a stranger at the listener is closed unread and recorded', async () => {
    const own = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
    if (own === undefined) return;
    await pair.publish({
      edit: (snapshot) => {
        snapshot.instances[0]?.outbound.push({
          kind: 'peer',
          service: 'orders',
          port: 81,
          listen: { host: own, port: 0 },
        });
      },
    });
    expect(await sendRaw(pair.at('web-0', 'orders:81'), 'GET / HTTP/1.1\r\nHost: orders\r\n\r\n')).toBe('');
    expect(await pair.seen()).toMatchObject([
      {
        kind: 'connection',
        direction: 'outbound',
        owner: 'web-0',
        from: { ip: own },
        decision: { verdict: 'deny', phase: 'egress', reason: 'not-own-instance' },
      },
    ]);
    expect(application.requests).toEqual([]);
  });
});

describe('what goes out', () => {
  it.each([
    'orders',
    'ORDERS',
    'orders.shop',
    'orders.shop.svc',
    'orders.shop.svc.cluster.local',
    'orders.shop.svc.cluster.local.',
    '10.96.0.2',
  ])('Host %s is the service', async (host) => {
    expect((await ask(proxy(), { path: `http://${host}/x`, headers: { host } })).status).toBe(200);
    expect((await ask(peer(), { path: '/x', headers: { host } })).status).toBe(200);
  });

  it('a loopback Host of a peer listener becomes the service’s name', async () => {
    const told = JSON.parse((await ask(peer())).body) as { headers: Record<string, string> };
    expect(told.headers['host']).toBe('orders');
  });

  it.runIf(process.platform === 'linux')(
    'a listener on a loopback address of its own serves its instance as well',
    async () => {
      await pair.publish({
        policies: [ALLOW_WEB],
        edit: (snapshot) => {
          for (const listener of snapshot.instances[0]?.outbound ?? [])
            listener.listen = { host: '127.244.3.1', port: 0 };
        },
      });
      expect(peer().host).toBe('127.244.3.1');
      const told = JSON.parse((await ask(peer())).body) as { headers: Record<string, string> };
      expect(told.headers['host']).toBe('orders');
      expect((await viaProxy('http://orders/x')).status).toBe(200);
    },
  );

  it('takes what a client says to the retry machinery away', async () => {
    const told = JSON.parse(
      (await ask(peer(), { headers: { 'x-envoy-max-retries': '9', 'x-envoy-attempt-count': '7' } })).body,
    ) as { headers: Record<string, string> };
    expect(told.headers['x-envoy-max-retries']).toBeUndefined();
    expect(told.headers['x-envoy-attempt-count']).toBe('1');
    expect(told.headers['x-forwarded-proto']).toBe('http');
  });

  it('CONNECT to where nobody listens is 503, and no event calls it allowed', async () => {
    await pair.publish({ outboundTrafficPolicy: 'ALLOW_ANY' });
    const text = await sendRaw(proxy(), 'CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1.1 503 /);
    expect(await pair.seen()).toMatchObject([
      { decision: { verdict: 'deny', phase: 'upstream' }, response: { status: 503 } },
    ]);
  });
  it('CONNECT to an HTTP port of the mesh is parsed as HTTP', async () => {
    const request = http.request({ ...proxy(), agent: false, method: 'CONNECT', path: 'orders:80' });
    request.end();
    const [response, socket] = (await once(request, 'connect')) as [http.IncomingMessage, net.Socket];
    expect(response.statusCode).toBe(200);
    socket.write('GET /tunnelled HTTP/1.1\r\nHost: orders\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 200/);
    socket.destroy();
    expect(application.requests).toEqual(['GET /tunnelled']);
    expect((await pair.seen()).map(({ direction, kind }) => `${direction} ${kind}`)).toEqual([
      'inbound http',
      'outbound http',
    ]);
  });

  it('CONNECT to an HTTP port carries nothing that is not HTTP, as that port’s own listener', async () => {
    const connect = 'CONNECT orders:80 HTTP/1.1\r\nHost: orders:80\r\n\r\n';
    const established = 'HTTP/1.1 200 Connection Established\r\n\r\n';
    const hello = 'HELLO\r\n\r\n';
    const told = async () => {
      const events = (await pair.seen()).splice(0);
      return events.map(({ direction, kind, decision }) => `${direction} ${kind} ${decision.reason}`);
    };
    expect(await sendRaw(proxy(), connect + hello)).toBe(established);
    expect(await told()).toEqual(['outbound tcp unknown-port']);
    expect(await sendRaw(peer(), hello)).toBe('');
    expect(await told()).toEqual(['outbound tcp unknown-port']);
    // Passed through as Istio does, in plaintext, which the other sidecar doesn't take.
    await pair.publish({ policies: [ALLOW_WEB], outboundTrafficPolicy: 'ALLOW_ANY' });
    expect(await sendRaw(proxy(), connect + hello)).toBe(established);
    expect((await told()).toSorted()).toEqual([
      'inbound connection plaintext-on-strict',
      'outbound tcp allow-any',
    ]);
    expect(application.requests).toEqual([]);
    await pair.publish();
  });

  it('an unknown host under ALLOW_ANY goes to the original destination', async () => {
    const outside = await startApplication();
    await pair.publish({ outboundTrafficPolicy: 'ALLOW_ANY' });
    const answer = await viaProxy(`http://127.0.0.1:${outside.address.port}/out`);
    expect(answer.status).toBe(200);
    expect(outside.requests).toEqual(['GET /out']);
    const told = JSON.parse(answer.body) as { headers: Record<string, string> };
    expect(told.headers['x-forwarded-client-cert']).toBeUndefined();
    expect(await pair.seen()).toMatchObject([
      { decision: { verdict: 'allow', phase: 'egress', reason: 'allow-any' } },
    ]);
    await pair.publish();
    await outside.close();
  });

  it('a declared source brings its tag to both sidecars, request by request', async () => {
    const call = async (tag: string): Promise<void> => {
      const socket = net.connect(peer());
      await once(socket, 'connect');
      const { localAddress = '', localPort = 0 } = socket;
      await pair.plane.declareSource({ localAddress, localPort, ip: '10.9.9.9', tag });
      expect((await ask(peer(), { agent: undefined, createConnection: () => socket })).status).toBe(200);
    };
    await call('run/a/1');
    await call('run/a/2');
    const events = await pair.seen();
    expect(events.map(({ direction, tag }) => `${direction} ${tag}`)).toEqual([
      'inbound run/a/1',
      'outbound run/a/1',
      'inbound run/a/2',
      'outbound run/a/2',
    ]);
    expect(events[0]?.from).toMatchObject({ workload: 'web', spiffeId: WEB });
  });
});
