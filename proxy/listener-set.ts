/**
 * The data plane's listening sockets, by their place in the mesh. Binds and closes; whom a connection belongs to and
 * what happens on it is told by `onConnection`.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Problem } from '../model/problem.ts';
import { outboundKey } from './in-force.ts';
import type { Limits } from './limits.ts';
import type { Room } from './room.ts';
import type { BoundListener, InstanceSnapshot } from './snapshot.ts';

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
  /** All that the new set listens on. */
  bound: BoundListener[];
  /** Puts the new set in force and drains what is no longer wanted. */
  commit(): void;
  /** Closes what was opened for it. */
  rollback(): void;
}

/** Names a listener among those of all instances. */
export function siteId({ instance, direction, key }: Site): string {
  return `${instance}|${direction}|${key}`;
}

function idOf(wanted: Wanted): string {
  return [wanted.instance, wanted.direction, wanted.key, wanted.listen.host, wanted.listen.port].join('|');
}

function wantedBy(instances: readonly InstanceSnapshot[]): Wanted[] {
  return instances.flatMap((instance) => [
    ...instance.inbound.map(({ port, listen }) => ({
      instance: instance.id,
      direction: 'inbound' as const,
      key: String(port),
      listen,
    })),
    ...(instance.gateway ?? []).map(({ at, listen }) => ({
      instance: instance.id,
      direction: 'inbound' as const,
      key: String(at.port),
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

/** `drains`: its connections have some time to end; `closes`: they are closed now. */
export type Leaving = 'drains' | 'closes';

export class ListenerSet {
  readonly #limits: Limits;
  readonly #room: Room;
  readonly #onConnection: (site: Site, socket: Socket) => void;
  readonly #onTooMany: (site: Site, socket: Socket) => void;
  readonly #onLeaving: (site: Site, how: Leaving) => void;
  #open = new Map<string, Open>();
  readonly #draining = new Set<Open>();

  /**
   * `room`: for how many connections a listener has a place. `onTooMany`: of one that has none, and is closed.
   * `onLeaving`: a listener closes; whoever has a last word for its clients says it now.
   */
  constructor(
    limits: Limits,
    room: Room,
    onConnection: (site: Site, socket: Socket) => void,
    onTooMany: (site: Site, socket: Socket) => void,
    onLeaving: (site: Site, how: Leaving) => void,
  ) {
    this.#limits = limits;
    this.#room = room;
    this.#onConnection = onConnection;
    this.#onTooMany = onTooMany;
    this.#onLeaving = onLeaving;
  }

  /**
   * Opens what the instances want and isn't open yet; nothing changes for open listeners until `commit`. A listener
   * among `taken` is opened on the port that it has there.
   */
  async prepare(
    instances: readonly InstanceSnapshot[],
    taken: readonly BoundListener[] = [],
  ): Promise<PreparedListeners> {
    const ports = new Map(taken.map((bound) => [siteId(bound), bound.port]));
    const next = new Map<string, Open>();
    const fresh: Open[] = [];
    const problems: Problem[] = [];
    for (const wanted of wantedBy(instances)) {
      const id = idOf(wanted);
      const kept = this.#open.get(id);
      if (kept !== undefined) {
        next.set(id, kept);
        continue;
      }
      try {
        const opened = await this.#bind(wanted, ports.get(siteId(wanted)) ?? wanted.listen.port);
        fresh.push(opened);
        next.set(id, opened);
      } catch (error) {
        problems.push(bindProblem(wanted, error as NodeJS.ErrnoException));
      }
    }
    return {
      problems,
      bound: [...next.values()].map(({ bound }) => bound),
      rollback: () => {
        for (const opened of fresh) close(opened);
      },
      commit: () => {
        for (const [id, opened] of this.#open) if (next.get(id) !== opened) this.#drain(opened);
        this.#open = next;
      },
    };
  }

  close(): void {
    for (const opened of this.#open.values()) {
      this.#onLeaving(opened.wanted, 'closes');
      close(opened);
    }
    this.#open.clear();
    for (const opened of this.#draining) close(opened);
    this.#draining.clear();
  }

  /** Accepts nobody any more; who is connected already has some time to end. */
  #drain(opened: Open): void {
    this.#onLeaving(opened.wanted, 'drains');
    this.#draining.add(opened);
    opened.server.close(() => {
      clearTimeout(timer);
      this.#draining.delete(opened);
    });
    const timer = setTimeout(() => close(opened), this.#limits.drainMs).unref();
  }

  #bind(wanted: Wanted, wantedPort: number): Promise<Open> {
    const { instance, direction, key, listen } = wanted;
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    const place = siteId(wanted);
    server.on('connection', (socket) => {
      socket.on('error', () => socket.destroy());
      if (!this.#room.enter(place)) {
        this.#onTooMany({ instance, direction, key }, socket);
        socket.destroy();
        return;
      }
      sockets.add(socket);
      socket.once('close', () => {
        sockets.delete(socket);
        this.#room.leave(place);
      });
      this.#onConnection({ instance, direction, key }, socket);
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: listen.host, port: wantedPort, exclusive: true }, () => {
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
