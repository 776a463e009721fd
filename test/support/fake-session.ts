/**
 * A session without a mesh, for the rehearsal's own logic: one application that echoes, one "sidecar" that does
 * with each request what the test says (also what a broken sidecar would do), both on real sockets. No TLS, no policy.
 */
import {
  createServer as createHttpServer,
  request as httpRequest,
  type Server as HttpServer,
} from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Decision, Finding } from '../../model/decision.ts';
import type { InjectedFault } from '../../model/injected-fault.ts';
import type { Mesh, Workload } from '../../model/mesh.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import type { DeclaredSource } from '../../proxy/data-plane.ts';
import type { Session } from '../../mesh/session.ts';
import type { LogLine } from '../../model/service-log.ts';

const at = { file: 'policies/payments.yaml', line: 14, column: 7 };
const matched = { kind: 'AuthorizationPolicy', namespace: 'billing', name: 'charge', rule: 1, at } as const;

/** What the sidecar decides of a request, and what it then does, which need not be the same. */
export interface Behaviour {
  decision: Decision;
  /** `hang`: no answer at all; `reset`: the connection is cut. */
  act: 'forward' | 'refuse' | 'hang' | 'reset';
  events: 'recorded' | 'lost';
  findings?: Finding[];
}

/** Lets it through, and says so. */
export const ALLOWS: Behaviour = {
  decision: {
    verdict: 'allow',
    phase: 'allow',
    reason: 'allow-matched',
    matched: { ...matched, action: 'ALLOW' },
  },
  act: 'forward',
  events: 'recorded',
};

/** Denies it, and says so. */
export const DENIES: Behaviour = {
  decision: { verdict: 'deny', phase: 'allow', reason: 'no-allow-matched', matched: null, status: 403 },
  act: 'refuse',
  events: 'recorded',
};

export interface FakeOptions {
  /** By what the sidecar goes, told the number of the request (from 1). */
  behaves?: (path: string, nth: number) => Behaviour;
  witness?: Workload['run']['witness'];
  /**
   * How the application reports what it got; `deaf` = it forgets, `other` = it knows no such page, `restarts` = a
   * request for `/crash` makes it forget all that was before.
   */
  echo?: 'true' | 'deaf' | 'other' | 'restarts';
  /** Header by which the application knows a mark. */
  markedBy?: 'x-greenroom-mark' | 'x-request-id';
  /** Writes a log line a request, this long after it. */
  logsAfterMs?: number | null;
  runtime?: 'process' | 'docker';
  containment?: 'full' | 'partial' | 'none';
  /** Called each time somebody waits for events. */
  onFlush?: () => void;
  /** Called with each list of faults; may refuse it by throwing. */
  onFaults?: (faults: readonly InjectedFault[]) => void;
}

export interface FakeSession {
  session: Session;
  declared: DeclaredSource[];
  /** Paths that the sidecar got, in order. */
  seen: string[];
  stopApplication(): Promise<void>;
  close(): Promise<void>;
}

function workload(
  name: string,
  namespace: string,
  ip: string,
  witness: Workload['run']['witness'],
): Workload {
  return {
    name,
    id: name,
    namespace,
    serviceAccount: name,
    spiffeId: `spiffe://cluster.local/ns/${namespace}/sa/${name}`,
    labels: { app: name },
    ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'http' }],
    clusterIp: '10.96.0.1',
    instances: [{ id: `${name}-0`, workload: name, podIp: ip }],
    run: { command: null, image: null, build: null, attach: null, environment: {}, cwd: '/', witness },
    at: { file: 'greenroom.yaml', line: 1, column: 1 },
  };
}

async function listen(server: Server | HttpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function close(server: Server | HttpServer, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** Starts it; the caller closes it. */
export async function startFakeSession(options: FakeOptions = {}): Promise<FakeSession> {
  const {
    behaves = () => ALLOWS,
    witness = { kind: 'echo', path: '/received' },
    echo = 'true',
    markedBy = 'x-greenroom-mark',
    logsAfterMs = null,
  } = options;
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  const declared: DeclaredSource[] = [];
  const events: TrafficEvent[] = [];
  const logs: LogLine[] = [];
  const seen: string[] = [];
  const received: { mark: string; method: string; path: string }[] = [];
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  };

  const application = createHttpServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://application');
    if (url.pathname === '/received' && echo !== 'other') {
      const mark = url.searchParams.get('mark');
      const requests = echo === 'deaf' ? [] : received.filter((each) => each.mark === mark);
      response.end(JSON.stringify({ mark, requests }));
      return;
    }
    const mark = String(request.headers[markedBy] ?? '');
    if (echo === 'restarts' && url.pathname === '/crash') received.length = 0;
    else received.push({ mark, method: request.method ?? '', path: request.url ?? '' });
    if (logsAfterMs !== null) {
      const text = `"${request.method} ${request.url}" 200 ${request.headers['user-agent'] ?? '-'}`;
      timers.add(
        setTimeout(
          () => logs.push({ id: logs.length + 1, instance: 'payments-0', stream: 'stdout', text, at: 0 }),
          logsAfterMs,
        ),
      );
    }
    response.setHeader('x-answer', 'yes').end('hello');
  });
  application.on('connection', track);

  const record = (source: DeclaredSource | undefined, path: string, behaviour: Behaviour): void => {
    if (behaviour.events === 'lost') return;
    const peer = { workload: null, namespace: null, instance: null, spiffeId: null, port: null };
    const headers = [] as const;
    events.push({
      id: events.length + 1,
      kind: 'http',
      direction: 'inbound',
      owner: 'payments-0',
      at: 0,
      durationMs: 0,
      from: { ...peer, ip: source?.ip ?? '' },
      to: { ...peer, ip: '10.244.1.1' },
      tls: null,
      request: {
        protocol: 'http1',
        method: 'GET',
        path,
        rawPath: path,
        host: 'payments',
        headers,
        bodyBytes: 0,
      },
      response: null,
      decision: behaviour.decision,
      explanation: null,
      findings: behaviour.findings ?? [],
      snapshotVersion: 1,
      requestId: null,
      tag: source?.tag ?? null,
    });
  };
  const answer = (socket: Socket, text: string): void => {
    let source: DeclaredSource | undefined;
    const [, method = 'GET', path = '/'] = /^(\S+) (\S+) /.exec(text) ?? [];
    seen.push(path);
    source = declared.find((each) => each.localPort === socket.remotePort);
    const behaviour = behaves(path, seen.length);
    record(source, path, behaviour);
    if (behaviour.act === 'hang') return;
    if (behaviour.act === 'reset') socket.resetAndDestroy();
    else if (behaviour.act === 'refuse') {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 19\r\n\r\nRBAC: access denied');
    } else {
      const headers = Object.fromEntries(
        [...text.matchAll(/\r\n([\w-]+): ([^\r]*)/g)].map(([, name, value]) => [name, value]),
      );
      const onward = httpRequest(
        { host: '127.0.0.1', port: applicationPort, method, path, headers },
        (from) => {
          socket.write(
            `HTTP/1.1 ${from.statusCode} OK\r\nX-Answer: ${String(from.headers['x-answer'])}\r\nTransfer-Encoding: chunked\r\n\r\n`,
          );
          from.on('data', (chunk: Buffer) =>
            socket.write(`${chunk.length.toString(16)}\r\n${chunk.toString()}\r\n`),
          );
          from.on('end', () => socket.end('0\r\n\r\n'));
        },
      );
      onward.on('error', () => socket.destroy());
      onward.end();
    }
  };
  const sidecar = createServer((socket) => {
    track(socket);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (text.includes('\r\n\r\n')) answer(socket, text);
    });
  });
  const [applicationPort, sidecarPort] = await Promise.all([listen(application), listen(sidecar)]);

  const workloads = [
    workload('payments', 'billing', '10.244.1.1', witness),
    workload('inventory', 'shop', '10.244.2.1', null),
  ];
  const refuse = (): never => {
    throw new Error('the fake session has no such thing');
  };
  const clock = { now: () => 0, offsetMs: () => 0, move: () => undefined };
  const session = {
    id: 'fake',
    mesh: {
      name: 'fake',
      namespace: 'shop',
      root: '/',
      workloads,
      policies: [],
      scenarioFiles: [],
      policyFiles: [],
    } as unknown as Mesh,
    clock,
    state: () =>
      ({ runtime: options.runtime ?? 'process', containment: options.containment ?? 'none' }) as ReturnType<
        Session['state']
      >,
    events: ({ tag, after = 0 }) =>
      events.filter((event) => event.tag === tag && event.id > after).toReversed(),
    event: (id) => events.find((event) => event.id === id) ?? null,
    explain: () => null,
    flush: async () => options.onFlush?.(),
    listeners: () => [
      { instance: 'payments-0', direction: 'inbound', key: '8080', host: '127.0.0.1', port: sidecarPort },
    ],
    applicationAddress: () => ({ host: '127.0.0.1', port: applicationPort }),
    declareSource: async (source) => {
      declared.push(source);
    },
    injectFaults: async (faults) => options.onFaults?.(faults),
    logs: () => ({ lines: logs, next: logs.length, cutOff: [] }),
    onState: refuse,
    onEvents: refuse,
    reloadPolicies: refuse,
    issueLeaf: refuse,
    trustBundlePem: refuse,
    onLog: refuse,
    act: refuse,
    scale: refuse,
    exec: refuse,
    refusals: async () => null,
    usage: async () => ({ atMs: 0, services: {}, sidecars: null }),
    rotate: refuse,
    stop: refuse,
  } satisfies Session;
  const stopApplication = async (): Promise<void> => {
    application.closeAllConnections();
    await close(application, new Set());
  };
  return {
    session,
    declared,
    seen,
    stopApplication,
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      await close(sidecar, sockets);
      if (application.listening) await stopApplication();
    },
  };
}
