/** Bytes that a gateway passes on without reading them, on the wire: TCP, TLS that it ends, TLS that it doesn't. */
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { IssuedLeaf } from '../../../mesh/pki/leaf.ts';
import { compilePolicies } from '../../../policy/compile.ts';
import type { PolicyObject } from '../../../policy/index.ts';
import type { TrafficEvent } from '../../../model/traffic-event.ts';
import type { InstanceSnapshot } from '../../../proxy/snapshot.ts';
import {
  gatewayServer,
  INGRESS,
  INGRESS_WORKLOAD,
  type IngressClient,
  ingressInstance,
  networkingObject,
  TO_ORDERS,
  tlsToIngress,
  toldByIngress,
} from '../../support/ingress.ts';
import { listenLocally } from '../../support/local-server.ts';
import { config } from '../../support/policies.ts';
import {
  authorizationPolicy,
  closeOf,
  ORDERS,
  startPair,
  WEB,
  type Pair,
} from '../../support/sidecar-pair.ts';

const GREETING = 'hello';

/** A database that greets whoever comes, and logs what it gets; over TLS of its own where that is said. */
interface Bytes {
  server: net.Server;
  address: { host: string; port: number };
  got: string[];
}

async function startBytes(own?: IssuedLeaf): Promise<Bytes> {
  const got: string[] = [];
  const serve = (socket: net.Socket): void => {
    socket.on('error', () => undefined);
    socket.write(GREETING);
    socket.on('data', (chunk: Buffer) => {
      got.push(chunk.toString());
      socket.end(`you said ${chunk.toString()}`);
    });
  };
  const server = own
    ? tls.createServer({ cert: own.certificateChainPem, key: own.privateKey.reveal() }, serve)
    : net.createServer(serve);
  server.on('tlsClientError', () => undefined);
  const port = await listenLocally(server);
  return { server, address: { host: '127.0.0.1', port }, got };
}

let plain: Bytes;
let encrypted: Bytes;
let pair: Pair;
let own: IssuedLeaf;
let web: IssuedLeaf;
beforeAll(async () => {
  plain = await startBytes();
  pair = await startPair(plain.address);
  own = await pair.leaf({ spiffeId: INGRESS, fault: 'none' });
  web = await pair.leaf({ spiffeId: WEB, fault: 'none' });
  encrypted = await startBytes(await pair.leaf({ spiffeId: ORDERS, fault: 'none' }));
});
afterAll(async () => {
  await pair.close();
  plain.server.close();
  encrypted.server.close();
});
beforeEach(async () => {
  await pair.clear();
  plain.got.length = 0;
  encrypted.got.length = 0;
});

const OBJECTS = [
  networkingObject('Gateway', 'ingress', {
    selector: { istio: 'ingress' },
    servers: [
      gatewayServer(9000, 'TCP', '*'),
      gatewayServer(443, 'TLS', 'db.example', { mode: 'SIMPLE', credentialName: 'shop' }),
      gatewayServer(443, 'TLS', 'mutual.example', { mode: 'MUTUAL', credentialName: 'partner' }),
      gatewayServer(443, 'TLS', 'mesh.example', { mode: 'ISTIO_MUTUAL' }),
      gatewayServer(443, 'TLS', 'bare.example', { mode: 'SIMPLE', credentialName: 'missing' }),
      gatewayServer(443, 'TLS', '*.pass.example', { mode: 'PASSTHROUGH' }),
    ],
  }),
  networkingObject('VirtualService', 'bytes', {
    hosts: ['*'],
    gateways: ['ingress'],
    tcp: [{ match: [{ port: 9000 }, { port: 443 }], route: TO_ORDERS }],
  }),
  networkingObject('VirtualService', 'passed', {
    hosts: ['*.pass.example'],
    gateways: ['ingress'],
    tls: [
      { match: [{ sniHosts: ['a.pass.example'] }], route: TO_ORDERS },
      {
        match: [{ sniHosts: ['nowhere.pass.example'] }],
        route: [{ destination: { host: 'nowhere.shop.svc.cluster.local', port: { number: 80 } } }],
      },
    ],
  }),
];

interface Published {
  policies?: PolicyObject[];
  behind?: Bytes;
  edit?: (instance: InstanceSnapshot) => void;
}

async function publish({ policies = [], behind = plain, edit }: Published = {}): Promise<void> {
  const instance = ingressInstance(own, OBJECTS, [9000, 443], (port) => ({
    policy: compilePolicies(policies, INGRESS_WORKLOAD, { port, protocol: 'tcp' }, config),
  }));
  edit?.(instance);
  await pair.publish({
    protocol: 'tcp',
    edit: ({ instances }) => {
      instances.push(instance);
      Object.assign(instances[1]?.inbound[0] ?? {}, { upstream: behind.address });
    },
  });
}

/** What came back for `said`; nothing is said before the greeting is there. */
async function conversation(socket: net.Socket, said: string): Promise<string> {
  let got = '';
  socket.on('data', (chunk: Buffer) => {
    got += chunk.toString();
    if (got === GREETING) socket.write(said);
  });
  await closeOf(socket);
  return got;
}

const overTls = (servername: string, client?: IngressClient): tls.TLSSocket =>
  tlsToIngress(pair, servername, client);
const overTcp = (): net.Socket => net.connect(pair.at('ingress-0', '9000'));

const told = (): Promise<TrafficEvent | undefined> => toldByIngress(pair);

const deny = (rule: object): PolicyObject => {
  const policy = authorizationPolicy('deny', { action: 'DENY', rules: [rule] });
  return { ...policy, metadata: { ...policy.metadata, namespace: 'istio-system' } };
};

describe('a gateway refuses', () => {
  beforeAll(() => publish());

  it.each([
    ['a name of no server', 'other.example', 'unknown-server-name'],
    ['a name under a server that passes TLS on, without a route', 'b.pass.example', 'unknown-server-name'],
    ['no certificate where one is asked for', 'mutual.example', 'no-certificate'],
    ['no certificate where the mesh’s own is asked for', 'mesh.example', 'no-certificate'],
    ['everybody where it has nothing to show', 'bare.example', 'no-server-certificate'],
  ])('%s, and tells why', async (_what, name, reason) => {
    expect(await conversation(overTls(name), 'secret')).toBe('');
    expect(await told()).toMatchObject({ tls: { sni: name }, decision: { verdict: 'deny', reason } });
    expect(plain.got).toEqual([]);
  });

  it('plaintext where TLS is spoken', async () => {
    const socket = net.connect(pair.at('ingress-0', '443'));
    socket.write('plaintext');
    await closeOf(socket);
    expect((await told())?.decision.reason).toBe('plaintext-on-https');
    expect(plain.got).toEqual([]);
  });

  it('a client whose route leads to a service that isn’t there', async () => {
    expect(await conversation(overTls('nowhere.pass.example'), 'secret')).toBe('');
    expect(await told()).toMatchObject({
      kind: 'tcp',
      route: { source: { name: 'passed', index: 1 }, cluster: null, flags: 'NC' },
      decision: { verdict: 'deny', reason: 'cluster-not-found' },
    });
  });
});

it('bytes carry the tag of a caller that was declared when both ways were open already', async () => {
  await publish();
  const socket = overTcp();
  await once(socket, 'data');
  const { localAddress = '', localPort = 0 } = socket;
  await pair.plane.declareSource({ localAddress, localPort, ip: '203.0.113.66', tag: 'run/a/1' });
  const closed = closeOf(socket);
  socket.write('NOOP');
  await closed;
  const tags = (await pair.seen()).map(({ owner, tag }) => `${owner} ${tag}`);
  expect(tags.toSorted()).toEqual(['ingress-0 run/a/1', 'orders-0 run/a/1']);
});

describe('a policy at a gateway', () => {
  const fromHere = { from: [{ source: { ipBlocks: ['127.0.0.0/8'] } }] };

  it.each([
    ['an address', fromHere, () => overTcp()],
    ['a port', { to: [{ operation: { ports: ['9000'] } }] }, () => overTcp()],
    ['nothing that bytes have', { to: [{ operation: { paths: ['/x'] } }] }, () => overTcp()],
    [
      'a principal, once TLS is ended',
      { from: [{ source: { principals: [WEB.slice('spiffe://'.length)] } }] },
      () => overTls('mesh.example', { leaf: web }),
    ],
    [
      'a server name, once TLS is ended',
      { when: [{ key: 'connection.sni', values: ['db.example'] }] },
      () => overTls('db.example'),
    ],
  ] as const)(
    'that denies by %s lets no byte through, and is told with its rule',
    async (_what, rule, open) => {
      await publish({ policies: [deny(rule)] });
      // The service speaks first, and gets through to a denied client, as in Istio.
      expect(await conversation(open(), 'secret')).toBe(GREETING);
      expect(await told()).toMatchObject({
        kind: 'tcp',
        direction: 'inbound',
        decision: { verdict: 'deny', phase: 'deny', matched: { name: 'deny', rule: 0 } },
        explanation: { sentence: expect.any(String) },
      });
      expect(plain.got).toEqual([]);
    },
  );

  it('that denies by server name holds where TLS is passed on', async () => {
    const rule = { when: [{ key: 'connection.sni', values: ['a.pass.example'] }] };
    await publish({ policies: [deny(rule)], behind: encrypted });
    expect(await conversation(overTls('a.pass.example'), 'secret')).toBe('');
    expect(await told()).toMatchObject({
      tls: { sni: 'a.pass.example' },
      decision: { reason: 'deny-matched' },
    });
    expect(encrypted.got).toEqual([]);
  });

  it('for HTTP alone lets no bytes in: nobody has judged them', async () => {
    const http = compilePolicies([], INGRESS_WORKLOAD, { port: 9000, protocol: 'http' }, config);
    await publish({ edit: ({ gateway = [] }) => Object.assign(gateway[0] ?? {}, { policy: http }) });
    expect(await conversation(overTcp(), 'secret')).toBe(GREETING);
    expect((await told())?.decision).toMatchObject({ verdict: 'deny', reason: 'no-server-at-port' });
    expect(plain.got).toEqual([]);
  });

  it('that came while a connection was open and silent judges its first byte', async () => {
    await publish();
    const socket = overTcp();
    await once(socket, 'data');
    await publish({ policies: [deny(fromHere)] });
    socket.write('secret');
    await closeOf(socket);
    expect((await told())?.decision.reason).toBe('deny-matched');
    expect(plain.got).toEqual([]);
  });
});

describe('a gateway passes on', () => {
  it.each([
    ['plain bytes, of a server that speaks first', () => overTcp(), null, false],
    ['what is in the TLS that it ends', () => overTls('db.example'), null, false],
    [
      'the same for clients that show a certificate',
      () => overTls('mutual.example', { leaf: web }),
      WEB,
      true,
    ],
    [
      'the mesh’s own TLS',
      () => overTls('mesh.example', { leaf: web, alpn: ['istio-peer-exchange'] }),
      WEB,
      true,
    ],
  ] as const)('%s, over mutual TLS as itself', async (_what, open, spiffeId, mutual) => {
    await publish();
    expect(await conversation(open(), 'a question')).toBe(`${GREETING}you said a question`);
    const events = await pair.seen();
    expect(events.find(({ owner }) => owner === 'ingress-0')).toMatchObject({
      kind: 'tcp',
      direction: 'inbound',
      from: { spiffeId },
      ...(mutual ? { tls: { mutual: true } } : {}),
      route: {
        source: { kind: 'VirtualService', name: 'bytes', index: 0 },
        cluster: 'outbound|80||orders.shop.svc.cluster.local',
        attempts: 1,
      },
      decision: { verdict: 'allow' },
    });
    expect(events.find(({ owner }) => owner === 'orders-0')).toMatchObject({
      from: { spiffeId: INGRESS },
      tls: { mutual: true },
    });
    expect(plain.got).toEqual(['a question']);
  });

  it('TLS as it comes: the service’s own certificate reaches the client, and nobody between reads a byte', async () => {
    await publish({ behind: encrypted });
    const socket = overTls('a.pass.example');
    await once(socket, 'secureConnect');
    expect(socket.getPeerX509Certificate()?.subjectAltName).toContain(ORDERS);
    expect(await conversation(socket, 'a question')).toBe(`${GREETING}you said a question`);
    expect(await told()).toMatchObject({
      kind: 'tcp',
      from: { spiffeId: null },
      tls: { sni: 'a.pass.example', mutual: false, version: null, peer: null },
      route: { source: { name: 'passed', index: 0 } },
      decision: { verdict: 'allow' },
    });
    expect(encrypted.got).toEqual(['a question']);
  });

  it('a ClientHello that comes byte by byte', async () => {
    await publish({ behind: encrypted });
    const door = net.createServer((client) => {
      const onward = net.connect({ ...pair.at('ingress-0', '443'), noDelay: true });
      client.on('data', (chunk: Buffer) => {
        for (const byte of chunk) onward.write(Buffer.of(byte));
      });
      onward.pipe(client);
      for (const socket of [client, onward]) socket.on('error', () => undefined);
      client.on('close', () => onward.destroy());
    });
    const port = await listenLocally(door);
    const socket = tls.connect({
      host: '127.0.0.1',
      port,
      servername: 'a.pass.example',
      rejectUnauthorized: false,
    });
    expect(await conversation(socket, 'a question')).toBe(`${GREETING}you said a question`);
    door.close();
  });
});
