/**
 * The data plane's listening sockets, by their place in the mesh. Binds and closes; whom a connection belongs to and
 * what happens on it is told by `onConnection`.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Problem } from '../model/problem.ts';
import { outboundKey } from './in-force.ts';
import type { Limits } from './limits.ts';
import type { BoundListener, Snapshot } from './snapshot.ts';

/** Where a listener stands in the mesh. */
export interface Site {
  instance: string;
  direction: 'inbound' | 'outbound';
  key: string;
}

interface Wanted extends Site {
  listen: { host: string; port: number };
}

interface Open {
  wanted: Wanted;
  server: Server;
  sockets: Set<Socket>;
  bound: BoundListener;
}

export interface PreparedListeners {
  problems: Problem[];
  /** Puts the new set in force and closes what is no longer wanted. */
  commit(): BoundListener[];
  /** Closes what was opened for it. */
  rollback(): void;
}

function siteId({ instance, direction, key }: Site): string {
  return `${instance}|${direction}|${key}`;
}

function idOf(wanted: Wanted): string {
  return [wanted.instance, wanted.direction, wanted.key, wanted.listen.host, wanted.listen.port].join('|');
}

function wantedBy(snapshot: Snapshot): Wanted[] {
  return snapshot.instances.flatMap((instance) => [
    ...instance.inbound.map(({ port, listen }) => ({
      instance: instance.id,
      direction: 'inbound' as const,
      key: String(port),
      listen,
    })),
    ...instance.outbound.map((listener) => ({
      instance: instance.id,
      direction: 'outbound' as const,
      key: outboundKey(listener),
      listen: listener.listen,
    })),
  ]);
}

function bindProblem(wanted: Wanted, error: NodeJS.ErrnoException): Problem {
  const place = `${wanted.listen.host}:${wanted.listen.port}`;
  const what = `${wanted.direction} listener ${wanted.key} of ${wanted.instance}`;
  if (error.code === 'EADDRINUSE') {
    return {
      code: 'port-taken',
      severity: 'error',
      message: `${place} is taken by another process: ${what}`,
      hint: `ss -ltnp 'sport = :${wanted.listen.port}' tells who holds it`,
    };
  }
  return {
    code: 'listen-failed',
    severity: 'error',
    message: `cannot listen on ${place} for ${what}: ${error.code ?? error.message}`,
  };
}

export class ListenerSet {
  readonly #limits: Limits;
  readonly #onConnection: (site: Site, socket: Socket) => void;
  #open = new Map<string, Open>();
  #bySite = new Map<string, Open>();

  constructor(limits: Limits, onConnection: (site: Site, socket: Socket) => void) {
    this.#limits = limits;
    this.#onConnection = onConnection;
  }

  /** Opens what `snapshot` wants and isn't open yet; nothing changes for open listeners until `commit`. */
  async prepare(snapshot: Snapshot): Promise<PreparedListeners> {
    const next = new Map<string, Open>();
    const fresh: Open[] = [];
    const problems: Problem[] = [];
    for (const wanted of wantedBy(snapshot)) {
      const id = idOf(wanted);
      const kept = this.#open.get(id);
      if (kept !== undefined) {
        next.set(id, kept);
        continue;
      }
      try {
        const opened = await this.#bind(wanted);
        fresh.push(opened);
        next.set(id, opened);
      } catch (error) {
        problems.push(bindProblem(wanted, error as NodeJS.ErrnoException));
      }
    }
    return {
      problems,
      rollback: () => {
        for (const opened of fresh) close(opened);
      },
      commit: () => {
        for (const [id, opened] of this.#open) if (next.get(id) !== opened) close(opened);
        this.#open = next;
        this.#bySite = new Map([...next.values()].map((opened) => [siteId(opened.wanted), opened]));
        return this.bound();
      },
    };
  }

  bound(): BoundListener[] {
    return [...this.#open.values()].map(({ bound }) => bound);
  }

  /** Where a place of the mesh is bound; null while it isn't. */
  find({ instance, direction, key }: Site): BoundListener | null {
    return this.#bySite.get(siteId({ instance, direction, key }))?.bound ?? null;
  }

  close(): void {
    for (const opened of this.#open.values()) close(opened);
    this.#open.clear();
    this.#bySite.clear();
  }

  #bind(wanted: Wanted): Promise<Open> {
    const { instance, direction, key, listen } = wanted;
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    server.maxConnections = this.#limits.maxConnections;
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      this.#onConnection({ instance, direction, key }, socket);
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: listen.host, port: listen.port, exclusive: true }, () => {
        server.removeListener('error', reject);
        const address = server.address();
        const port = typeof address === 'object' && address !== null ? address.port : listen.port;
        resolve({ wanted, server, sockets, bound: { instance, direction, key, host: listen.host, port } });
      });
    });
  }
}

function close({ server, sockets }: Open): void {
  server.close(() => undefined);
  for (const socket of sockets) socket.destroy();
}
