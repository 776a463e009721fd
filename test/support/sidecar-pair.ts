/**
 * A mesh of two for proxy tests: `web` calls `orders`, each with its sidecar, real mutual TLS on loopback, a real
 * application behind. Policies are given as Istio would have them; the snapshot is built by hand.
 */
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { createRoot, type Root } from '../../mesh/pki/root.ts';
import { issueLeaf } from '../../mesh/pki/issuer.ts';
import type { IssuedLeaf, LeafRequest } from '../../mesh/pki/leaf.ts';
import { createClock } from '../../model/clock.ts';
import type { AppProtocol } from '../../model/mesh.ts';
import type { PolicyObject } from '../../model/policy-object.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { compilePolicies } from '../../policy/compile.ts';
import type { DataPlane } from '../../proxy/data-plane.ts';
import type { Limits } from '../../proxy/limits.ts';
import type {
  BoundListener,
  InstanceSnapshot,
  MtlsMode,
  Snapshot,
  SnapshotAnswer,
} from '../../proxy/snapshot.ts';
import { startDataPlane } from '../../proxy/worker-data-plane.ts';
import { listenLocally } from './local-server.ts';

export const WEB = 'spiffe://cluster.local/ns/shop/sa/web';
export const ORDERS = 'spiffe://cluster.local/ns/shop/sa/orders';
export const WEB_IP = '10.244.0.1';
export const ORDERS_IP = '10.244.0.2';

/** What differs between the snapshots of a test. */
export interface PairOptions {
  version?: number;
  mtls?: MtlsMode;
  protocol?: AppProtocol;
  policies?: PolicyObject[];
  /** Identities that `web` expects `orders` to have. */
  expected?: string[];
  outboundTrafficPolicy?: Snapshot['outboundTrafficPolicy'];
  /** Port of orders' inbound listener; default any. */
  listenPort?: number;
  /** Change anything else. */
  edit?: (snapshot: Snapshot) => void;
}

export interface Pair {
  plane: DataPlane;
  root: Root;
  events: TrafficEvent[];
  /** Publishes and expects an ACK. */
  publish(options?: PairOptions): Promise<BoundListener[]>;
  tryPublish(options?: PairOptions): Promise<SnapshotAnswer>;
  /** Address of a listener of the last ACK. */
  at(instance: string, key: string): { host: string; port: number };
  leaf(request: LeafRequest): Promise<IssuedLeaf>;
  /** Events so far, after a flush. */
  seen(): Promise<TrafficEvent[]>;
  /** Forgets the events so far. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** An AuthorizationPolicy as a file would have it. */
export function authorizationPolicy(name: string, spec: unknown): PolicyObject {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace: 'shop', annotations: {}, labels: {} },
    spec,
    at: { file: 'policies.yaml', line: 1, column: 1 },
    positions: {},
  };
}

/** Lets `web` in, and nobody else. */
export const ALLOW_WEB = authorizationPolicy('allow-web', {
  rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }] }],
});
/** ALLOW that nothing matches. */
export const DENY_ALL = authorizationPolicy('deny-all', {});

/** Starts the data plane of a pair whose `orders` application listens at `upstream`. */
export async function startPair(
  upstream: { host: string; port: number },
  limits: Partial<Limits> = {},
  workers = 1,
): Promise<Pair> {
  const clock = createClock(() => Date.now());
  const root = await createRoot({ name: 'pair' }, clock);
  const leaf = (request: LeafRequest): Promise<IssuedLeaf> => issueLeaf(root, request, clock);
  const credentials = async (spiffeId: string): Promise<InstanceSnapshot['credentials']> => {
    const issued = await leaf({ spiffeId, fault: 'none' });
    return { certificateChainPem: issued.certificateChainPem, privateKeyPem: issued.privateKey.reveal() };
  };
  const [webCredentials, ordersCredentials] = await Promise.all([credentials(WEB), credentials(ORDERS)]);
  const plane = await startDataPlane({ limits, workers });
  const events: TrafficEvent[] = [];
  plane.onEvents((batch) => events.push(...batch));
  let version = 0;
  let listeners: BoundListener[] = [];
  const any = { host: '127.0.0.1', port: 0 };

  const snapshotOf = (options: PairOptions): Snapshot => {
    version = options.version ?? version + 1;
    const protocol = options.protocol ?? 'http';
    const target = { namespace: 'shop', labels: {}, serviceAccount: 'orders' };
    const config = { rootNamespace: 'istio-system', trustDomain: 'cluster.local', trustDomainAliases: [] };
    const policy = compilePolicies(options.policies ?? [], target, { port: 8080, protocol }, config);
    const snapshot: Snapshot = {
      version,
      clockOffsetMs: 0,
      trustDomain: 'cluster.local',
      trustDomainAliases: [],
      trustBundlePem: [root.certificatePem],
      gateProfile: 'istio',
      pathNormalization: 'BASE',
      outboundTrafficPolicy: options.outboundTrafficPolicy ?? 'REGISTRY_ONLY',
      instances: [
        {
          id: 'web-0',
          workload: 'web',
          namespace: 'shop',
          spiffeId: WEB,
          podIp: WEB_IP,
          credentials: webCredentials,
          inbound: [],
          outbound: [
            { kind: 'http-proxy', listen: any },
            { kind: 'peer', listen: any, service: 'orders', port: 80 },
          ],
          allowedOutboundPeers: [],
        },
        {
          id: 'orders-0',
          workload: 'orders',
          namespace: 'shop',
          spiffeId: ORDERS,
          podIp: ORDERS_IP,
          credentials: ordersCredentials,
          inbound: [
            {
              port: 8080,
              protocol,
              mtls: options.mtls ?? 'STRICT',
              listen: { host: '127.0.0.1', port: options.listenPort ?? 0 },
              upstream,
              policy,
            },
          ],
          outbound: [],
          allowedOutboundPeers: [],
        },
      ],
      services: [
        {
          id: 'orders',
          name: 'orders',
          namespace: 'shop',
          clusterIp: '10.96.0.2',
          ports: [
            {
              port: 80,
              targetPort: 8080,
              protocol,
              endpoints: [{ instance: 'orders-0' }],
              tls: 'ISTIO_MUTUAL',
              expectedSpiffeIds: options.expected ?? [ORDERS],
            },
          ],
        },
      ],
    };
    options.edit?.(snapshot);
    return snapshot;
  };

  const tryPublish = async (options: PairOptions = {}): Promise<SnapshotAnswer> => {
    const answer = await plane.publish(snapshotOf(options));
    if (answer.kind === 'ack') listeners = answer.listeners;
    return answer;
  };
  return {
    plane,
    root,
    events,
    tryPublish,
    publish: async (options) => {
      const answer = await tryPublish(options);
      if (answer.kind === 'nack') throw new Error(`NACK: ${JSON.stringify(answer.problems)}`);
      return answer.listeners;
    },
    at: (instance, key) => {
      const found = listeners.find((listener) => listener.instance === instance && listener.key === key);
      if (found === undefined) throw new Error(`no listener ${key} of ${instance}`);
      return { host: found.host, port: found.port };
    },
    leaf,
    seen: async () => {
      await plane.flush();
      return events;
    },
    clear: async () => {
      await plane.flush();
      events.length = 0;
    },
    close: () => plane.close(),
  };
}

/** What an application got, and what it answers. */
export interface Application {
  server: http.Server;
  address: { host: string; port: number };
  /** `METHOD path` of every request. */
  requests: string[];
  /** Connections that were ever opened to it. */
  connections: () => number;
  close(): Promise<void>;
}

/** A real HTTP server that logs; by default it tells what it got. */
export async function startApplication(handler?: http.RequestListener): Promise<Application> {
  const requests: string[] = [];
  let connections = 0;
  const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (handler) handler(request, response);
    else echo(request, response);
  });
  server.on('connection', () => {
    connections += 1;
  });
  const port = await listenLocally(server);
  return {
    server,
    address: { host: '127.0.0.1', port },
    requests,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function echo(request: http.IncomingMessage, response: http.ServerResponse): void {
  const told = JSON.stringify({
    method: request.method,
    url: request.url,
    headers: request.headers,
    raw: request.rawHeaders,
  });
  request.resume();
  request.once('end', () => response.setHeader('content-type', 'application/json').end(told));
}

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  rawHeaders: string[];
  body: string;
  trailers: NodeJS.Dict<string>;
}

/** One request, answered in full. */
export async function ask(
  at: { host: string; port: number },
  options: http.RequestOptions & { body?: string } = {},
): Promise<Answer> {
  const { body, ...rest } = options;
  const request = http.request({ agent: false, ...at, ...rest });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    rawHeaders: response.rawHeaders,
    body: Buffer.concat(chunks).toString(),
    trailers: response.trailers,
  };
}

/** The end of a socket, however it comes. */
export function closeOf(socket: net.Socket): Promise<void> {
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** Sends bytes on a fresh connection and returns all that came back until the other side closed. */
export async function sendRaw(
  at: { host: string; port: number },
  ...pieces: (string | Buffer)[]
): Promise<string> {
  const socket = net.connect({ ...at, noDelay: true });
  await once(socket, 'connect');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  for (const piece of pieces) socket.write(piece);
  await closeOf(socket);
  return Buffer.concat(chunks).toString('latin1');
}
