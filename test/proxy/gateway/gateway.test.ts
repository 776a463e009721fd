/** A gateway in front of the pair's `orders`; what Envoy does in general is played by test/conformance. */
import { once } from 'node:events';
import { connect, type OutgoingHttpHeaders } from 'node:http2';
import { beforeAll, describe, expect, it } from 'vitest';
import type { IssuedLeaf } from '../../../mesh/pki/leaf.ts';
import { compilePolicies } from '../../../policy/compile.ts';
import { compileSignals } from '../../../policy/context-signals.ts';
import { compileValidations } from '../../../policy/request-validation.ts';
import { ask as askHttp2, type Http2Answer } from '../../support/http2-client.ts';
import {
  gatewayServer,
  INGRESS,
  INGRESS_WORKLOAD,
  ingressInstance,
  networkingObject,
  TO_ORDERS,
  tlsToIngress,
  toldByIngress,
} from '../../support/ingress.ts';
import { own as ownKind } from '../../support/own-kinds.ts';
import { config } from '../../support/policies.ts';
import {
  authorizationPolicy,
  closeOf,
  sendRaw,
  type Application,
  type Pair,
} from '../../support/sidecar-pair.ts';
import { usePair } from '../../support/use-pair.ts';

const ONLY_GATEWAY = authorizationPolicy('only-gateway', {
  rules: [{ from: [{ source: { principals: [INGRESS.slice('spiffe://'.length)] } }] }],
});
const SIGNALS =
  'signals: [{ kind: country, header: x-country, values: [{ value: NL, ipBlocks: [127.0.0.0/8] }] }]';
const VALID = 'match: { paths: [/orders] }\ncontentTypes: [application/json]\nlimits: { bodyBytes: 16 }';

let application: Application;
let pair: Pair;
let own: IssuedLeaf;
let client: IssuedLeaf;
usePair((both) => ({ application, pair } = both));
beforeAll(async () => {
  own = await pair.leaf({ spiffeId: INGRESS, fault: 'none' });
  client = await pair.leaf({ spiffeId: 'spiffe://partner.example/ns/x/sa/y', fault: 'none' });
});

const OBJECTS = [
  networkingObject('Gateway', 'ingress', {
    selector: { istio: 'ingress' },
    servers: [
      gatewayServer(80, 'HTTP', '*'),
      gatewayServer(81, 'HTTP', 'shop.example', { mode: 'SIMPLE', httpsRedirect: true }),
      gatewayServer(443, 'HTTPS', 'shop.example', { mode: 'SIMPLE', credentialName: 'shop' }),
      gatewayServer(443, 'HTTPS', 'partner.example', { mode: 'MUTUAL', credentialName: 'partner' }),
      gatewayServer(443, 'HTTPS', 'second.example', {
        mode: 'MUTUAL',
        credentialName: 'partner',
        subjectAltNames: ['spiffe://cluster.local/ns/second/sa/second'],
      }),
      gatewayServer(443, 'HTTPS', 'domain.example', {
        mode: 'MUTUAL',
        credentialName: 'partner',
        subjectAltNames: ['cluster.local'],
      }),
      gatewayServer(443, 'HTTPS', 'nobody.example', { mode: 'MUTUAL', credentialName: 'shop' }),
      gatewayServer(443, 'HTTPS', 'perhaps.example', { mode: 'OPTIONAL_MUTUAL', credentialName: 'shop' }),
      gatewayServer(443, 'HTTPS', 'bare.example', { mode: 'SIMPLE', credentialName: 'missing' }),
    ],
  }),
  networkingObject('VirtualService', 'shop', {
    hosts: ['shop.example', 'partner.example'],
    gateways: ['ingress'],
    http: [
      { match: [{ uri: { prefix: '/nowhere' } }], route: [{ destination: { host: 'nowhere.shop' } }] },
      { match: [{ uri: { prefix: '/old' } }], redirect: { uri: '/new' } },
      {
        match: [{ uri: { prefix: '/teapot' } }],
        fault: { abort: { httpStatus: 418, percentage: { value: 100 } } },
        route: TO_ORDERS,
      },
      {
        match: [{ uri: { prefix: '/renamed/' } }],
        rewrite: { uri: '/' },
        headers: { request: { set: { 'x-from': 'gateway' } }, response: { set: { 'x-by': 'route' } } },
        route: TO_ORDERS,
      },
      { route: TO_ORDERS },
    ],
  }),
];

async function publish(): Promise<void> {
  const shop = { ...INGRESS_WORKLOAD, namespace: 'shop' };
  const instance = ingressInstance(own, OBJECTS, [80, 81, 443], (port) => ({
    policy: compilePolicies(OBJECTS, INGRESS_WORKLOAD, { port, protocol: 'http' }, config),
    signals: compileSignals(ownKind('ContextSignals', SIGNALS), shop, config),
    validations: compileValidations(ownKind('RequestValidation', VALID), shop, 'istio-system'),
  }));
  await pair.publish({ policies: [ONLY_GATEWAY], edit: ({ instances }) => void instances.push(instance) });
}

const request = (host: string, path = '/', more = '') =>
  `GET ${path} HTTP/1.1\r\nhost: ${host}\r\n${more}connection: close\r\n\r\n`;

/** What came back over TLS, or how it ended. */
async function overTls(servername: string | undefined, bytes: string, leaf?: IssuedLeaf): Promise<string> {
  const socket = tlsToIngress(pair, servername, { leaf });
  let got = '';
  socket.on('data', (chunk: Buffer) => {
    got += chunk.toString('latin1');
  });
  socket.write(bytes);
  await closeOf(socket);
  return got;
}

async function decisionOf(): Promise<string | undefined> {
  return (await toldByIngress(pair))?.decision.reason;
}

describe('a gateway', () => {
  beforeAll(publish);

  it.each([
    ['a server name of no server', 'other.example', undefined, 'unknown-server-name'],
    ['no server name', undefined, undefined, 'unknown-server-name'],
    ['no certificate where one is asked for', 'partner.example', undefined, 'no-certificate'],
    ['a server whose credential isn’t there', 'bare.example', undefined, 'no-server-certificate'],
  ])('closes a connection with %s, and tells why', async (_what, name, leaf, reason) => {
    expect(await overTls(name, request('shop.example'), leaf)).toBe('');
    expect(await decisionOf()).toBe(reason);
    expect(application.requests).toEqual([]);
  });

  it.each(['nobody.example', 'perhaps.example'])(
    'lets nobody in at %s, which asks for certificates that nobody signs for',
    async (name) => {
      expect(await overTls(name, request('partner.example'), client)).toBe('');
      expect(await decisionOf()).toBe('no-server-certificate');
      expect(application.requests).toEqual([]);
    },
  );

  it.each([
    ['second.example', 'two-uri-sans'],
    ['domain.example', 'no-uri-san'],
  ] as const)('takes at %s a client for any of its names, and no other client', async (name, fault) => {
    expect(await overTls(name, request(name), client)).toBe('');
    expect(await decisionOf()).toBe('unexpected-name');
    const called = await pair.leaf({ spiffeId: INGRESS, fault });
    expect(await overTls(name, request(name), called)).toContain('404 Not Found');
  });

  it('closes a client of another authority, and takes one of another trust domain', async () => {
    const rogue = await pair.leaf({ spiffeId: INGRESS, fault: 'rogue-ca' });
    expect(await overTls('partner.example', request('partner.example'), rogue)).toBe('');
    expect(application.requests).toEqual([]);
    expect(await overTls('partner.example', request('partner.example'), client)).toContain('200 OK');
  });

  it('M14: answers 404 to a Host that isn’t its server’s, though another server has it', async () => {
    expect(await overTls('shop.example', request('partner.example'))).toContain('404 Not Found');
    expect(await decisionOf()).toBe('no-virtual-host');
    expect(application.requests).toEqual([]);
  });

  it('answers 503 to a route whose service isn’t in the mesh', async () => {
    expect(await sendRaw(pair.at('ingress-0', '80'), request('shop.example', '/nowhere'))).toContain('503');
    expect(await decisionOf()).toBe('cluster-not-found');
  });

  it('answers itself where a route’s fault aborts, with the reason, and the application hears nothing', async () => {
    const answer = await sendRaw(pair.at('ingress-0', '80'), request('shop.example', '/teapot'));
    expect(answer).toMatch(/^HTTP\/1.1 418 [^]*server: istio-envoy[^]*fault filter abort$/);
    expect((await pair.seen())[0]).toMatchObject({
      owner: 'ingress-0',
      direction: 'inbound',
      decision: { verdict: 'deny', phase: 'route', reason: 'fault-abort' },
      explanation: { sentence: expect.stringContaining('418') },
      route: { flags: 'FI', source: { kind: 'VirtualService', name: 'shop', index: 2 } },
    });
    expect(application.requests).toEqual([]);
  });

  it('rewrites as its route says, and tells the request as its policies saw it', async () => {
    const answer = await sendRaw(pair.at('ingress-0', '80'), request('shop.example', '/renamed/a?b=c'));
    expect(answer).toContain('x-by: route');
    expect(answer).toContain('"x-from":"gateway"');
    expect(application.requests).toEqual(['GET /a?b=c']);
    const told = await toldByIngress(pair);
    expect(told).toMatchObject({
      request: { path: '/renamed/a?b=c' },
      response: { status: 200, by: 'upstream' },
      decision: { verdict: 'allow' },
      route: { cluster: 'outbound|80||orders.shop.svc.cluster.local', attempts: 1 },
    });
    expect(told?.request?.headers.map(([name]) => name)).not.toContain('x-from');
  });

  it('sends to https with the whole address, and follows a route’s own redirect', async () => {
    const redirected = await sendRaw(pair.at('ingress-0', '81'), request('shop.example', '/a?b=c'));
    expect(redirected).toContain('301 Moved Permanently');
    expect(redirected).toContain('location: https://shop.example/a?b=c');
    const routed = await sendRaw(pair.at('ingress-0', '80'), request('shop.example', '/old?q=1'));
    expect(routed).toContain('location: http://shop.example/new?q=1');
  });

  it('tells the service where its client is, whatever the client says', async () => {
    const answer = await overTls(
      'shop.example',
      request('shop.example', '/', 'x-country: ZZ\r\nX_Country: YY\r\n'),
    );
    expect(answer).toContain('"x-country":"NL"');
    expect(answer).not.toMatch(/ZZ|YY/);
  });

  it('reaches the service over mutual TLS as itself, with nothing of what a client forged', async () => {
    const forged = 'x-forwarded-client-cert: URI=spiffe://forged\r\nx-envoy-external-address: 1.1.1.1\r\n';
    const answer = await overTls('shop.example', request('shop.example', '/x/..;/a', forged));
    expect(answer).toContain('200 OK');
    expect(application.requests).toEqual(['GET /a']);
    expect(answer).not.toContain('forged');
    expect(answer).not.toContain('1.1.1.1');
    expect(answer).toContain(INGRESS);
  });
});

describe('a RequestValidation at a gateway', () => {
  beforeAll(publish);
  const post = (type: string, body: string, more = '') =>
    sendRaw(
      pair.at('ingress-0', '80'),
      `POST /orders HTTP/1.1\r\nhost: shop.example\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n${more}connection: close\r\n\r\n${body}`,
    );

  it.each([
    ['a body of another type', 'text/plain', '{}', '415', 'content-type'],
    ['a longer body', 'application/json', '{"cents": 123456789}', '413', 'body'],
  ])(
    'refuses %s, with the reason, and the application hears nothing',
    async (_what, type, body, status, reason) => {
      expect(await post(type, body)).toContain(`HTTP/1.1 ${status} `);
      expect((await pair.seen())[0]).toMatchObject({
        owner: 'ingress-0',
        decision: { verdict: 'deny', phase: 'validation', reason: expect.stringContaining(reason) },
        explanation: { sentence: expect.stringContaining('Policies let it pass') },
      });
      expect(application.requests).toEqual([]);
    },
  );

  it('lets the rest through with its body, also for a client that waits for a 100', async () => {
    expect(await post('application/json', '{"cents": 1}')).toContain('200 OK');
    expect(await post('application/json', '{"cents": 2}', 'expect: 100-continue\r\n')).toMatch(
      /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/,
    );
    expect(application.requests).toEqual(['POST /orders', 'POST /orders']);
  });
});

describe('HTTP/2 at a gateway', () => {
  async function overHttp2(
    servername: string,
    headers: OutgoingHttpHeaders,
    body?: string,
  ): Promise<Http2Answer> {
    const socket = tlsToIngress(pair, servername, { alpn: ['h2', 'http/1.1'] });
    await once(socket, 'secureConnect');
    expect(socket.alpnProtocol).toBe('h2');
    const session = connect(`https://${servername}`, { createConnection: () => socket });
    session.on('error', () => undefined);
    try {
      return await askHttp2(session, { ':scheme': 'https', ...headers }, body);
    } finally {
      session.destroy();
      await closeOf(socket);
    }
  }

  it('is told by numbers as it would be told as an object', async () => {
    await publish();
    const told = async (headers: OutgoingHttpHeaders) => {
      await pair.clear();
      const asked = { ':authority': 'shop.example', 'x-request-id': 'one', ...headers };
      expect((await overHttp2('shop.example', asked)).status).toBe(200);
      const event = await toldByIngress(pair);
      if (!event?.request || event.response === null) throw new Error('not told');
      const { request, response, from, at: _at, durationMs: _d, timing, ...rest } = event;
      const { scheme: _scheme, ...seen } = request as Record<string, unknown>;
      const same = ([name]: readonly [string, string]): boolean =>
        !['authorization', 'date', 'x-envoy-upstream-service-time'].includes(name);
      return {
        measured: timing !== undefined,
        event: {
          ...rest,
          from: { ...from, port: 0 },
          request: { ...seen, headers: request.headers.filter(same) },
          response: {
            ...response,
            bodyBytes: 0,
            headers: response.headers.filter(([name]) => name !== 'content-length').filter(same),
          },
        },
      };
    };
    const numbers = await told({});
    const object = await told({ authorization: 'Basic YTpi' });
    expect([numbers.measured, object.measured]).toEqual([true, false]);
    expect(numbers.event).toEqual(object.event);
  });

  it('answers 404 where the authority isn’t the server’s, and the application hears nothing', async () => {
    await publish();
    expect((await overHttp2('shop.example', { ':authority': 'partner.example' })).status).toBe(404);
    expect(application.requests).toEqual([]);
    expect((await pair.seen())[0]).toMatchObject({
      owner: 'ingress-0',
      request: { protocol: 'http2' },
      decision: { verdict: 'deny', details: 'route_not_found' },
    });
  });

  it('redirects, and tells a gRPC client so in its own way', async () => {
    await publish();
    const { status, headers } = await overHttp2('shop.example', {
      ':authority': 'shop.example',
      ':path': '/old',
    });
    expect([status, headers['location']]).toEqual([301, 'https://shop.example/new']);
    const refused = await overHttp2('shop.example', {
      ':authority': 'shop.example',
      ':method': 'POST',
      ':path': '/nowhere',
      'content-type': 'application/grpc',
    });
    expect(refused).toMatchObject({ status: 200, headers: { 'grpc-status': '14' } });
  });

  it('reads a body before it goes on, where it is validated', async () => {
    await publish();
    const post = (body: string) =>
      overHttp2(
        'shop.example',
        {
          ':authority': 'shop.example',
          ':method': 'POST',
          ':path': '/orders',
          'content-type': 'application/json',
        },
        body,
      );
    expect((await post('{"cents": 123456789}')).status).toBe(413);
    expect(application.requests).toEqual([]);
    expect((await post('{"cents": 1}')).status).toBe(200);
    expect(application.requests).toEqual(['POST /orders']);
  });

  it('reaches the application through its sidecar', async () => {
    await publish();
    const answer = await overHttp2('shop.example', {
      ':authority': 'shop.example',
      ':path': '/x?y=1',
      'x-forwarded-for': '1.2.3.4',
    });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({
      url: '/x?y=1',
      headers: { host: 'shop.example', 'x-forwarded-proto': 'https' },
    });
    expect(await toldByIngress(pair)).toMatchObject({
      request: { protocol: 'http2', path: '/x?y=1' },
      response: { status: 200, by: 'upstream' },
      tls: { alpn: 'h2' },
    });
  });
});
