/**
 * A caller and what it calls, for tests that change the number of instances under load: `web` passes each request on
 * to `orders` through its sidecar, `orders` takes its time and says which instance it is. An `orders` that is asked to
 * stop drops what it has in hand, as a program without a handler of its own does.
 */
import { Agent, request } from 'node:http';
import type { Session } from '../../mesh/session.ts';
import type { Mesh, Workload } from '../../model/mesh.ts';
import { sampleMesh } from './sample-mesh.ts';

/** It hangs up on nobody: who calls it may be held up for longer than the five seconds that Node's server waits. */
const WEB = `const server = require('http').createServer((request, response) => {
  fetch(process.env.GREENROOM_URL_ORDERS + request.url).then(
    async (answer) => { response.writeHead(answer.status); response.end(await answer.text()); },
    (error) => { response.writeHead(599); response.end(String(error.cause ?? error)); });
});
server.keepAliveTimeout = 0;
server.listen(Number(process.env.PORT), process.env.HOST ?? '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));`;

const ORDERS = `if (process.env.GREENROOM_INSTANCE === process.env.BROKEN) process.exit(4);
const server = require('http').createServer((request, response) => {
  const ms = Number(new URL(request.url, 'http://orders').searchParams.get('ms') ?? 20 + Math.random() * 60);
  setTimeout(() => response.end(process.env.GREENROOM_INSTANCE), ms);
});
server.listen(Number(process.env.PORT), process.env.HOST ?? '127.0.0.1');
process.on('SIGTERM', () => setTimeout(() => { console.log('last words'); process.exit(0); }, Number(process.env.LINGER ?? 0)));`;

/** `run`: what both have besides their commands; `environment`: of orders. */
export function callerAndCalled(
  run: Partial<Workload['run']> = {},
  environment: Readonly<Record<string, string>> = {},
): Mesh {
  return sampleMesh([
    { name: 'orders', run: { ...run, environment, command: ['node', '-e', ORDERS] } },
    { name: 'web', run: { ...run, command: ['node', '-e', WEB] } },
  ]);
}

/** One request of web's to orders: its status, and the instance that answered or why none did. */
export function callOrders(session: Session, path: string, agent?: Agent): Promise<Answer> {
  const web = session.applicationAddress('web-0', 8080);
  if (web === null) throw new Error('there is no web');
  return new Promise((resolve, reject) => {
    const sent = request({ ...web, path, ...(agent ? { agent } : {}) }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    sent.once('error', reject).end();
  });
}

export interface Answer {
  status: number;
  text: string;
}

export interface Load {
  /** Instances that have answered since the last time it was asked. */
  answeredBy(): Set<string>;
  /** Ends it; what failed, but for what an instance failed that was told to stop less than 500 ms before. */
  end(): Promise<{ requests: number; failures: string[] }>;
}

const CALLERS = 8;
/** How long after an instance's stop is told its failures are nobody's surprise. */
const EXCUSED_MS = 500;

/** Calls orders without a pause, several at a time. */
export function constantLoad(session: Session): Load {
  const agent = new Agent({ keepAlive: true });
  const stops = new Map<string, number>();
  const unlisten = session.onState(({ workloads }) => {
    for (const { id, status } of workloads.flatMap(({ instances }) => instances))
      if (status === 'stopping' && !stops.has(id)) stops.set(id, Date.now());
  });
  let answered = new Set<string>();
  const failed: { path: string; what: string; at: number }[] = [];
  let requests = 0;
  let over = false;
  const caller = async (): Promise<void> => {
    while (!over) {
      requests += 1;
      const path = `/?n=${requests}`;
      const { status, text } = await callOrders(session, path, agent).catch((error: unknown) => ({
        status: 0,
        text: String(error),
      }));
      if (status === 200) answered.add(text);
      else failed.push({ path, what: `${status} ${text}`, at: Date.now() });
    }
  };
  const callers = Array.from({ length: CALLERS }, caller);
  return {
    answeredBy: () => {
      const since = answered;
      answered = new Set();
      return since;
    },
    end: async () => {
      over = true;
      await Promise.all(callers);
      unlisten();
      agent.destroy();
      await session.flush();
      const events = failed.length === 0 ? [] : session.events({ limit: 10_000 });
      const failures = failed.flatMap(({ path, what, at }) => {
        const event = events.find(
          ({ direction, request: sent }) => direction === 'outbound' && sent?.rawPath === path,
        );
        const instance = event?.to.instance ?? null;
        const stop = instance === null ? undefined : stops.get(instance);
        if (stop !== undefined && at >= stop && at - stop <= EXCUSED_MS) return [];
        return [
          `${path}: ${what}, by ${instance}${stop === undefined ? '' : `, told to stop ${at - stop} ms before`}`,
        ];
      });
      return { requests, failures };
    },
  };
}
