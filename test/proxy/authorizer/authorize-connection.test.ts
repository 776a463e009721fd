/** CUSTOM at a TCP port: a gRPC authorizer is asked at the first byte, as Envoy's network filter was seen to. */
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compilePolicies } from '../../../policy/compile.ts';
import type { PolicyObject } from '../../../policy/index.ts';
import { readFields, textOf, type Field } from '../../../wire/protobuf/decode.ts';
import {
  authorizationPolicy,
  closeOf,
  ORDERS,
  sendRaw,
  startPair,
  WEB,
  type Pair,
} from '../../support/sidecar-pair.ts';

/** A CheckResponse with this status code of gRPC's; null = none comes. */
let answer: number | 'silent' | 'broken';
let questions: Buffer[];
let received: string[];
let authorizer: http2.Http2Server;
let application: net.Server;
let pair: Pair;
const sessions = new Set<http2.ServerHttp2Session>();

beforeAll(async () => {
  authorizer = http2.createServer();
  authorizer.on('session', (session) => sessions.add(session));
  authorizer.on('stream', (stream: http2.ServerHttp2Stream) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      questions.push(Buffer.concat(chunks).subarray(5));
      if (answer === 'silent') return;
      const grpc = { ':status': 200, 'content-type': 'application/grpc' };
      if (answer === 'broken') {
        stream.respond({ ...grpc, 'grpc-status': '13' }, { endStream: true });
        return;
      }
      const status = answer === 0 ? [] : [0x08, answer];
      const message = Buffer.from([0x0a, status.length, ...status]);
      stream.respond(grpc, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
    });
  });
  authorizer.listen(0, '127.0.0.1');
  application = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('banner ');
    socket.on('data', (chunk: Buffer) => {
      received.push(chunk.toString());
      socket.end(`got ${chunk.toString()}`);
    });
  });
  application.listen(0, '127.0.0.1');
  await Promise.all([once(authorizer, 'listening'), once(application, 'listening')]);
  pair = await startPair({ host: '127.0.0.1', port: (application.address() as net.AddressInfo).port });
});
afterAll(async () => {
  await pair.close();
  for (const session of sessions) session.destroy();
  authorizer.close();
  application.close();
  await Promise.all([once(authorizer, 'close'), once(application, 'close')]);
});
beforeEach(() => {
  answer = 0;
  questions = [];
  received = [];
});

const CUSTOM = authorizationPolicy('ext', {
  action: 'CUSTOM',
  provider: { name: 'authz' },
  rules: [{ to: [{ operation: { ports: ['8080'] } }] }],
});
const REGISTERED: PolicyObject = {
  ...CUSTOM,
  apiVersion: 'networking.istio.io/v1',
  kind: 'ServiceEntry',
  spec: { hosts: ['authz.example'], ports: [{ number: 9000, name: 'grpc', protocol: 'GRPC' }] },
};
const DENY_WEB = authorizationPolicy('no-web', {
  action: 'DENY',
  rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }] }],
});

async function publish(
  policies: PolicyObject[],
  {
    failOpen = false,
    protocol = 'tcp',
    speaks = 'envoyExtAuthzGrpc',
  }: {
    failOpen?: boolean;
    protocol?: 'tcp' | 'auto';
    speaks?: 'envoyExtAuthzGrpc' | 'envoyExtAuthzHttp';
  } = {},
): Promise<void> {
  const at = { host: '127.0.0.1', port: (authorizer.address() as net.AddressInfo).port };
  const provider = { service: 'authz.example', port: 9000, timeout: '0.3s', failOpen, statusOnError: '' };
  const config = {
    rootNamespace: 'istio-system',
    trustDomain: 'cluster.local',
    trustDomainAliases: [],
    extensionProviders: [{ name: 'authz', [speaks]: { pathPrefix: '', ...provider } }],
  };
  const target = { namespace: 'shop', labels: {}, serviceAccount: 'orders' };
  await pair.publish({
    protocol,
    edit: (snapshot) => {
      snapshot.externalHosts = [{ host: 'authz.example', port: 9000, address: at }];
      const policy = compilePolicies(policies, target, { port: 8080, protocol: 'tcp' }, config);
      Object.assign(snapshot.instances[1]?.inbound[0] ?? {}, { policy, tcpPolicy: policy });
    },
  });
  await pair.clear();
}

const peer = () => pair.at('web-0', 'orders:80');
const inbound = async () => (await pair.seen()).find(({ direction }) => direction === 'inbound');

describe('a connection that an authorizer has to be asked about', () => {
  it.each([
    [7, 'authorizer-denied', 'ext_authz_denied'],
    ['silent', 'authorizer-failed', 'ext_authz_error'],
    ['broken', 'authorizer-failed', 'ext_authz_error'],
  ] as const)(
    'is closed at its first byte by the answer %s, and no byte arrives',
    async (given, reason, details) => {
      answer = given;
      await publish([CUSTOM, REGISTERED]);
      expect(await sendRaw(peer(), 'HELLO')).not.toContain('got');
      expect(received).toEqual([]);
      const event = await inbound();
      expect(event).toMatchObject({
        kind: 'tcp',
        decision: { verdict: 'deny', phase: 'custom', reason, details, matched: { name: 'ext' } },
      });
      expect(event?.explanation?.sentence).toContain('authz');
    },
  );

  it('isn’t asked about before it says something, and its server may speak first', async () => {
    await publish([CUSTOM, REGISTERED]);
    const socket = net.connect(peer());
    const [banner] = (await once(socket, 'data')) as [Buffer];
    expect(banner.toString()).toBe('banner ');
    expect(questions).toEqual([]);
    const closed = closeOf(socket);
    socket.destroy();
    await closed;
  });

  it('passes with the answer yes, and with none where the provider fails open', async () => {
    await publish([CUSTOM, REGISTERED]);
    expect(await sendRaw(peer(), 'HELLO')).toBe('banner got HELLO');
    expect(await inbound()).toMatchObject({ decision: { verdict: 'allow' } });
    answer = 'broken';
    await publish([CUSTOM, REGISTERED], { failOpen: true });
    expect(await sendRaw(peer(), 'AGAIN')).toBe('banner got AGAIN');
    expect(questions).toHaveLength(2);
  });

  it('meets the other policies after a yes', async () => {
    await publish([CUSTOM, REGISTERED, DENY_WEB]);
    expect(await sendRaw(peer(), 'HELLO')).not.toContain('got');
    expect(questions).toHaveLength(1);
    expect(await inbound()).toMatchObject({ decision: { verdict: 'deny', phase: 'deny' } });
  });

  it('is let in unasked where the authorizer speaks HTTP, as in Istio, and the event says that this is a hole', async () => {
    answer = 7;
    await publish([CUSTOM, REGISTERED], { speaks: 'envoyExtAuthzHttp' });
    expect(await sendRaw(peer(), 'HELLO')).toBe('banner got HELLO');
    expect(questions).toEqual([]);
    expect(await inbound()).toMatchObject({
      decision: { verdict: 'allow' },
      findings: [{ code: 'istio-allows', message: expect.stringContaining('nobody is asked') }],
    });
  });

  it('is asked about where an undeclared port takes it for bytes', async () => {
    answer = 7;
    await publish([CUSTOM, REGISTERED], { protocol: 'auto' });
    expect(await sendRaw(peer(), 'HELLO\r\n')).not.toContain('got');
    expect(await inbound()).toMatchObject({ kind: 'tcp', decision: { reason: 'authorizer-denied' } });
  });

  it('tells the authorizer both ends and the time, and nothing of HTTP', async () => {
    await publish([CUSTOM, REGISTERED]);
    await sendRaw(peer(), 'HELLO');
    const part = (bytes: Uint8Array, number: number): Uint8Array =>
      (readFields(bytes) as Field[]).find(
        (field): field is Extract<Field, { kind: 'bytes' }> =>
          field.number === number && field.kind === 'bytes',
      )?.value ?? new Uint8Array();
    const attributes = part(questions[0] ?? Buffer.alloc(0), 1);
    expect(textOf(part(part(attributes, 1), 4))).toBe(WEB);
    expect(textOf(part(part(attributes, 2), 4))).toBe(ORDERS);
    const asked = part(attributes, 4);
    expect(part(asked, 1).length).toBeGreaterThan(0);
    expect(part(asked, 2)).toHaveLength(0);
  });
});
