/**
 * The scene of every attack on the wire: `orders` with its sidecar, an application behind it that keeps a log of its
 * own (the witness), and an attacker who writes literal bytes with the certificate of `web`, or with none.
 */
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { describe } from 'vitest';
import type { PolicyObject } from '../../model/policy-object.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import type { Snapshot } from '../../proxy/snapshot.ts';
import type { IssuedLeaf } from '../../mesh/pki/leaf.ts';
import { listenLocally } from '../support/local-server.ts';
import { type Pair, type PairOptions, startPair, WEB } from '../support/sidecar-pair.ts';

/** One request as the application's own parser read it. */
export interface Arrived {
  method: string;
  target: string;
  headers: readonly [string, string][];
  body: string;
}

export interface Attacked {
  pair: Pair;
  /** The application's log since the last attack began. */
  arrived: Arrived[];
  /** Connections that were opened to the application since the last attack began. */
  connections(): number;
  /** Puts policies in force. */
  protect(policies: PolicyObject[], more?: Omit<PairOptions, 'policies'>): Promise<void>;
  /** Writes the pieces on one fresh connection and reads until it is answered in full, or closed. */
  attack(pieces: string | readonly string[], more?: AttackOptions): Promise<Outcome>;
  close(): Promise<void>;
}

export interface AttackOptions {
  /** `web`: with its certificate (default); `plaintext`: without TLS; `none`: TLS without a certificate; or another leaf. */
  as?: 'web' | 'plaintext' | 'none' | IssuedLeaf;
  /** What the attacker's own TLS is told besides. */
  tls?: tls.ConnectionOptions;
  /** Answers to wait for before the attacker closes; default 1. `closed`: until the sidecar closes; or what is enough. */
  until?: Until;
  /** Don't write piece n+1 before this has come back. */
  between?: () => Promise<void>;
}

type Until = number | 'closed' | ((answer: string) => boolean);

export interface Outcome {
  /** Everything that came back. */
  answer: string;
  /** Status of each complete head that came back, informational ones left out. */
  statuses: number[];
  /** Whether the sidecar closed the connection. */
  closed: boolean;
  arrived: readonly Arrived[];
  /** Inbound events of the attack. */
  events: readonly TrafficEvent[];
}

/** A GET with the lines that an attack needs. */
export function get(path: string, ...lines: string[]): string {
  return message('GET', path, ['Host: orders', ...lines]);
}

/** A message without a body. */
export function message(method: string, target: string, lines: readonly string[], body = ''): string {
  return [`${method} ${target} HTTP/1.1`, ...lines, '', body].join('\r\n');
}

/** Statuses of the final answers in a stream of bytes; bodies are told apart by Content-Length alone. */
export function statusesIn(answer: string): number[] {
  const statuses: number[] = [];
  for (let at = 0; ; ) {
    const end = answer.indexOf('\r\n\r\n', at);
    const status = /^HTTP\/1\.1 (\d{3})/.exec(answer.slice(at))?.[1];
    if (end < 0 || status === undefined) return statuses;
    const length = /^content-length: *(\d+)/im.exec(answer.slice(at, end))?.[1] ?? '0';
    if (status.startsWith('1')) {
      at = end + 4;
      continue;
    }
    if (answer.length < end + 4 + Number(length)) return statuses;
    statuses.push(Number(status));
    at = end + 4 + Number(length);
  }
}

interface Witness {
  server: http.Server;
  address: { host: string; port: number };
  arrived: Arrived[];
  connections(): number;
  forget(): void;
}

async function startWitness(): Promise<Witness> {
  const arrived: Arrived[] = [];
  let connections = 0;
  const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const entry = { method: request.method ?? '', target: request.url ?? '', body: '' };
    const headers: [string, string][] = [];
    for (let index = 0; index + 1 < request.rawHeaders.length; index += 2)
      headers.push([
        (request.rawHeaders[index] as string).toLowerCase(),
        request.rawHeaders[index + 1] ?? '',
      ]);
    const log = { ...entry, headers };
    // Logged at its head: what arrived has arrived, whether or not its body follows.
    arrived.push(log);
    request.on('data', (chunk: Buffer) => {
      log.body += chunk.toString('latin1');
    });
    request.on('end', () => response.writeHead(200, { 'content-length': 2 }).end('ok'));
  });
  // Bytes that the application's parser can't read are an arrival too.
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    arrived.push({ method: 'UNREADABLE', target: error.code ?? '', headers: [], body: '' });
    socket.destroy();
  });
  server.on('upgrade', (request, socket) => {
    arrived.push({ method: 'UPGRADE', target: request.url ?? '', headers: [], body: '' });
    socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });
  server.on('connection', () => {
    connections += 1;
  });
  const port = await listenLocally(server);
  return {
    server,
    address: { host: '127.0.0.1', port },
    arrived,
    connections: () => connections,
    forget: () => {
      arrived.length = 0;
      connections = 0;
    },
  };
}

/** A connection that may be written to at once; whether it ever opens is the sidecar's affair. */
function connectAs(
  at: { host: string; port: number },
  leaf: IssuedLeaf | 'plaintext' | 'none',
  options: tls.ConnectionOptions,
): net.Socket {
  if (leaf === 'plaintext') return net.connect({ ...at, noDelay: true });
  return tls.connect({
    ...at,
    rejectUnauthorized: false,
    ciphers: 'DEFAULT:@SECLEVEL=0',
    ALPNProtocols: ['istio-http/1.1', 'istio', 'http/1.1'],
    servername: 'outbound_.80_._.orders.shop.svc.cluster.local',
    ...(leaf === 'none' ? {} : { cert: leaf.certificateChainPem, key: leaf.privateKey.reveal() }),
    ...options,
  });
}

function readUntil(socket: net.Socket, until: Until): Promise<{ answer: string; closed: boolean }> {
  return new Promise((resolve) => {
    let answer = '';
    let enough = false;
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      if (until === 'closed') return;
      if (typeof until === 'number' ? statusesIn(answer).length < until : !until(answer)) return;
      enough = true;
      socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ answer, closed: !enough }));
  });
}

/** Starts the scene. `limits` of the data plane, for attacks that take time. */
export async function startAttacked(limits: Parameters<typeof startPair>[1] = {}): Promise<Attacked> {
  const witness = await startWitness();
  const pair = await startPair(witness.address, limits);
  const leaf = await pair.leaf({ spiffeId: WEB, fault: 'none' });
  return {
    pair,
    arrived: witness.arrived,
    connections: witness.connections,
    protect: async (policies, more = {}) => {
      await pair.publish({ ...more, policies });
    },
    attack: async (pieces, { as = 'web', tls: options = {}, until = 1, between } = {}) => {
      await pair.clear();
      witness.forget();
      const socket = connectAs(pair.at('orders-0', '8080'), as === 'web' ? leaf : as, options);
      const ended = readUntil(socket, until);
      for (const piece of typeof pieces === 'string' ? [pieces] : pieces) {
        if (!socket.destroyed) socket.write(Buffer.from(piece, 'latin1'));
        await between?.();
      }
      const { answer, closed } = await ended;
      const events = (await pair.seen()).filter(({ direction }) => direction === 'inbound');
      return { answer, statuses: statusesIn(answer), closed, arrived: [...witness.arrived], events };
    },
    close: async () => {
      await pair.close();
      witness.server.closeAllConnections();
      witness.server.close();
      await once(witness.server, 'close');
    },
  };
}

/** The same attacks through the fast lane (which hands over what it doesn't know) and through the general lane alone. */
export function inBothLanes(attacks: (lanes: 'both' | 'general') => void): void {
  describe('fast lane in front', () => attacks('both'));
  describe('general lane alone', () => attacks('general'));
}

/** For `edit`: another mode of path normalization. */
export function normalizing(mode: Snapshot['pathNormalization']): Pick<PairOptions, 'edit'> {
  return {
    edit: (snapshot) => {
      snapshot.pathNormalization = mode;
    },
  };
}
