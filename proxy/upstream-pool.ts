/**
 * Kept-alive connections to upstreams, one pool a destination. How a connection is made (plain, or mutual TLS behind
 * the gate) is the dialer's business; a pool hands a request nothing that the dialer hasn't finished.
 */
import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';

/** Makes one connection, ready for the first byte of a request. */
export type Dialer = () => Promise<Duplex>;

const MAX_SOCKETS = 1_024;
const MAX_IDLE_SOCKETS = 128;

class PooledAgent extends Agent {
  /** The newest one: new connections are made with the snapshot in force, open ones stay. */
  dial: Dialer;

  constructor(dial: Dialer) {
    super({ keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: MAX_IDLE_SOCKETS, scheduling: 'lifo' });
    this.dial = dial;
  }

  override createConnection(
    _options: unknown,
    callback?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    this.dial().then(
      (socket) => {
        // A request with an Expect has its head written by Node at once, as UTF-8 unless the socket says otherwise: bytes
        // above ASCII would arrive as two.
        socket.setDefaultEncoding('latin1');
        callback?.(null, socket);
      },
      (error: Error) => callback?.(error, undefined as unknown as Duplex),
    );
  }

  /** Takes no new request; idle connections close now, busy ones with their exchange. */
  retire(): void {
    this.maxFreeSockets = 0;
    this.keepAlive = false;
    for (const sockets of Object.values(this.freeSockets))
      for (const socket of sockets ?? []) socket.destroy();
  }

  declare keepAlive: boolean;
}

export class UpstreamPools {
  readonly #pools = new Map<string, PooledAgent>();

  /** The pool of `key`; the key names everything that a connection's identity depends on. */
  agent(key: string, dial: Dialer, maxConnections: number = MAX_SOCKETS): Agent {
    let agent = this.#pools.get(key);
    if (agent === undefined) {
      agent = new PooledAgent(dial);
      this.#pools.set(key, agent);
    }
    agent.dial = dial;
    agent.maxSockets = Math.min(maxConnections, MAX_SOCKETS);
    return agent;
  }

  /** Retires the pools that `keep` doesn't want. */
  retire(keep: (key: string) => boolean): void {
    for (const [key, agent] of this.#pools) {
      if (keep(key)) continue;
      this.#pools.delete(key);
      agent.retire();
    }
  }

  close(): void {
    for (const agent of this.#pools.values()) agent.destroy();
    this.#pools.clear();
  }
}
