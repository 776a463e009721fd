/** CUSTOM on the wire with authorizers that misbehave; well-behaved ones are played by test/conformance. */
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { compilePolicies } from '../../../policy/compile.ts';
import type { PolicyObject } from '../../../policy/index.ts';
import { connectHttp2 } from '../../support/http2-client.ts';
import { GET, HELLO, request } from '../../support/http2-frames.ts';
import { listenLocally } from '../../support/local-server.ts';
import {
  ask,
  authorizationPolicy,
  startApplication,
  startPair,
  type Application,
  type Pair,
} from '../../support/sidecar-pair.ts';

let application: Application;
let pair: Pair;
beforeAll(async () => {
  application = await startApplication();
  pair = await startPair(application.address);
});
afterAll(async () => {
  await pair.close();
  await application.close();
});

const servers = new Set<() => void>();
afterEach(() => {
  for (const close of servers) close();
  servers.clear();
});

/** A server on loopback that does what it likes with a connection. */
async function serve(onConnection: (socket: net.Socket) => void): Promise<{ host: string; port: number }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onConnection(socket);
  });
  const port = await listenLocally(server);
  servers.add(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { host: '127.0.0.1', port };
}

/** An HTTP/2 server that answers every call so. */
async function serveGrpc(
  answer: (stream: http2.ServerHttp2Stream) => void,
): Promise<{ host: string; port: number }> {
  const server = http2.createServer();
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    answer(stream as http2.ServerHttp2Stream);
  });
  const port = await listenLocally(server);
  servers.add(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { host: '127.0.0.1', port };
}

const CUSTOM = authorizationPolicy('ext', {
  action: 'CUSTOM',
  provider: { name: 'authz' },
  rules: [{ to: [{ operation: { paths: ['/admin*'] } }] }],
});
const REGISTERED: PolicyObject = {
  ...CUSTOM,
  apiVersion: 'networking.istio.io/v1',
  kind: 'ServiceEntry',
  spec: { hosts: ['authz.example'], ports: [{ number: 8000, name: 'http', protocol: 'HTTP' }] },
};

/** From now on, who is asked about /admin at the sidecar of `orders`. */
async function askedAbout(
  protocol: 'envoyExtAuthzHttp' | 'envoyExtAuthzGrpc',
  address: { host: string; port: number },
  settings: object = {},
): Promise<void> {
  const provider = {
    service: 'authz.example',
    port: 8000,
    timeout: '0.2s',
    failOpen: false,
    statusOnError: '',
    ...settings,
  };
  await pair.publish({
    mtls: 'DISABLE',
    edit: (snapshot) => {
      snapshot.externalHosts = [{ host: 'authz.example', port: 8000, address }];
      const inbound = snapshot.instances[1]?.inbound[0];
      if (inbound === undefined) throw new Error('no inbound port');
      inbound.policy = compilePolicies(
        [CUSTOM, REGISTERED],
        { namespace: 'shop', labels: {}, serviceAccount: 'orders' },
        { port: 8080, protocol: 'http' },
        {
          rootNamespace: 'istio-system',
          trustDomain: 'cluster.local',
          trustDomainAliases: [],
          extensionProviders: [
            {
              name: 'authz',
              [protocol]: protocol === 'envoyExtAuthzHttp' ? { pathPrefix: '', ...provider } : provider,
            },
          ],
        },
      );
    },
  });
  await pair.clear();
  application.requests.length = 0;
}

/** One request to /admin/x, asked about at `address`. */
async function asked(
  protocol: 'envoyExtAuthzHttp' | 'envoyExtAuthzGrpc',
  address: { host: string; port: number },
  settings: object = {},
) {
  await askedAbout(protocol, address, settings);
  const answer = await ask(pair.at('orders-0', '8080'), { path: '/admin/x', headers: { host: 'orders' } });
  const [event] = await pair.seen();
  return {
    status: answer.status,
    details: event?.decision.details,
    reached: application.requests.length > 0,
  };
}

const REFUSED = { status: 403, details: 'ext_authz_error', reached: false };

describe('an HTTP authorizer that doesn’t answer as one lets nothing through', () => {
  it.each([
    ['closes at once', (socket: net.Socket) => socket.destroy()],
    ['never answers', () => undefined],
    ['answers what is no HTTP', (socket: net.Socket) => socket.end('no\r\n\r\n')],
    [
      'closes within its body',
      (socket: net.Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok'),
    ],
    [
      'sends a body without end',
      (socket: net.Socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n');
        socket.write(Buffer.alloc(2 * 1024 * 1024));
      },
    ],
    [
      'answers 200 over the limit of headers',
      (socket: net.Socket) => {
        socket.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`);
      },
    ],
  ])('%s', async (_what, behave) => {
    expect(await asked('envoyExtAuthzHttp', await serve(behave))).toEqual(REFUSED);
  });

  it('has no answer in a body of more than a MiB', async () => {
    const address = await serve((socket) => {
      socket.write('HTTP/1.1 403 Forbidden\r\ncontent-length: 2097152\r\n\r\n');
      socket.write(Buffer.alloc(2 * 1024 * 1024));
    });
    expect(await asked('envoyExtAuthzHttp', address)).toEqual(REFUSED);
  });

  it('may say so with a head of 50 KB, as to Envoy', async () => {
    const address = await serve((socket) => {
      socket.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(50_000)}\r\ncontent-length: 0\r\n\r\n`);
    });
    expect(await asked('envoyExtAuthzHttp', address)).toMatchObject({ status: 200, reached: true });
  });

  it('answers with the provider’s own status where it names one', async () => {
    const address = await serve((socket) => socket.destroy());
    expect(await asked('envoyExtAuthzHttp', address, { statusOnError: '503' })).toEqual({
      ...REFUSED,
      status: 503,
    });
  });

  it('passes where the provider fails open, and only there', async () => {
    const address = await serve((socket) => socket.destroy());
    expect(await asked('envoyExtAuthzHttp', address, { failOpen: true })).toMatchObject({
      status: 200,
      reached: true,
    });
  });
});

describe('a client that is gone when the authorizer allows its request', () => {
  it.each(['HTTP/1.1', 'HTTP/2'] as const)(
    'has it told, and nothing of it passed on: %s',
    async (version) => {
      const asking = Promise.withResolvers<net.Socket>();
      const address = await serve((socket) => {
        socket.once('data', () => asking.resolve(socket));
      });
      await askedAbout('envoyExtAuthzHttp', address, { timeout: '60s' });
      const at = pair.at('orders-0', '8080');
      const client = net.connect(at);
      client.on('error', () => undefined);
      client.write(
        version === 'HTTP/2'
          ? Buffer.concat([HELLO, request(1, [...GET.slice(0, 3), [':path', '/admin/gone']])])
          : 'GET /admin/gone HTTP/1.1\r\nHost: orders\r\n\r\n',
      );
      const authorizer = await asking.promise;
      const closed = once(client, 'close');
      client.destroy();
      await closed;
      // The sidecar sees what happens in its order: once this is answered it knows of the close.
      expect((await ask(at, { path: '/there', headers: { host: 'orders' } })).status).toBe(200);
      authorizer.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      const told = await vi.waitFor(async () => {
        const found = (await pair.seen()).find(({ request: asked }) => asked?.path === '/admin/gone');
        expect(found).toBeDefined();
        return found;
      });
      expect(told?.decision).toMatchObject({ verdict: 'allow', details: 'downstream_remote_disconnect' });
      expect((await ask(at, { path: '/there', headers: { host: 'orders' } })).status).toBe(200);
      expect(application.requests).not.toContain('GET /admin/gone');
    },
  );
});

describe('a gRPC authorizer that doesn’t answer as one lets nothing through', () => {
  const GRPC = { ':status': 200, 'content-type': 'application/grpc' };
  it.each([
    [
      'ends without a status',
      (stream: http2.ServerHttp2Stream) => {
        stream.respond(GRPC);
        stream.end(Buffer.from([0, 0, 0, 0, 0]));
      },
    ],
    [
      'says UNAVAILABLE',
      (stream: http2.ServerHttp2Stream) => {
        stream.respond({ ...GRPC, 'grpc-status': '14' }, { endStream: true });
      },
    ],
    [
      'says OK without a message',
      (stream: http2.ServerHttp2Stream) => {
        stream.respond({ ...GRPC, 'grpc-status': '0' }, { endStream: true });
      },
    ],
    [
      'says OK with half a message',
      (stream: http2.ServerHttp2Stream) => {
        stream.respond(GRPC, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.from([0, 0, 0, 0, 9, 0x0a]));
      },
    ],
    [
      'compresses what nobody asked to be',
      (stream: http2.ServerHttp2Stream) => {
        stream.respond(GRPC, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.from([1, 0, 0, 0, 0]));
      },
    ],
    [
      'resets',
      (stream: http2.ServerHttp2Stream) => void stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR),
    ],
    ['never answers', () => undefined],
  ])('%s', async (_what, behave) => {
    expect(await asked('envoyExtAuthzGrpc', await serveGrpc(behave))).toEqual(REFUSED);
  });

  it('isn’t there', async () => {
    const address = await serve((socket) => socket.destroy());
    expect(await asked('envoyExtAuthzGrpc', address)).toEqual(REFUSED);
  });
});

describe('an authorizer is asked', () => {
  it('about the method as it was sent, in small letters too', async () => {
    let asked = '';
    const address = await serve((socket) =>
      socket.on('data', (chunk: Buffer) => {
        asked += chunk.toString('latin1');
        socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
      }),
    );
    await askedAbout('envoyExtAuthzHttp', address);
    const client = await connectHttp2(pair.at('orders-0', '8080'));
    expect((await client.ask({ ':method': 'get', ':path': '/admin/x' })).status).toBe(403);
    await client.close();
    expect(asked.split('\r\n')[0]).toBe('get /admin/x HTTP/1.1');
  });
});
