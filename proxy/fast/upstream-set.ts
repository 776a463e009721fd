/**
 * The fast lane's kept-alive connections to one upstream. How one is made is the dialer's business (plain, or mutual
 * TLS behind the gate). Sets are found by a key that names everything that a connection's identity depends on.
 */
import type { Duplex } from 'node:stream';
import type { PeerConnection } from '../outbound-route.ts';
import { Inlet } from './inlet.ts';
import { UpstreamConnection } from './upstream-connection.ts';

/** A connection, ready for the first byte of a request. */
export interface Dialled {
  stream: Duplex;
  /** What the gate said of it; null = plain. */
  peer: PeerConnection | null;
  /** It was in use before: the other side may close it at any time. */
  isOld?: true;
}

/** Through `inlet` the connection is read, where its kind allows that. */
export type FastDialer = (inlet: Inlet) => Promise<Dialled>;

const MAX_IDLE = 1_024;
/** An upstream's own limit is undercut: a request must not meet its close. */
const KEEP_ALIVE_MARGIN_MS = 1_000;

export class UpstreamSet {
  /** The newest one: new connections are made with the snapshot in force, open ones stay. */
  dialer: FastDialer;
  readonly #idle: UpstreamConnection[] = [];
  readonly #all = new Set<UpstreamConnection>();
  readonly #clock: () => number;
  readonly #keepAliveMs: number;
  #retired = false;

  constructor(dialer: FastDialer, clock: () => number, keepAliveMs: number) {
    this.dialer = dialer;
    this.#clock = clock;
    this.#keepAliveMs = keepAliveMs;
  }

  /** An idle connection: `preferred` where it is one, else the one used last; null = there is none. */
  take(preferred: UpstreamConnection | null): UpstreamConnection | null {
    const taken =
      preferred !== null && this.#idle[preferred.idleAt] === preferred ? preferred : this.#idle.at(-1);
    if (taken === undefined) return null;
    this.#removeIdle(taken);
    return taken;
  }

  /** A new connection; rejects as the dialer does. */
  async dial(): Promise<UpstreamConnection> {
    const inlet = new Inlet();
    const { stream, peer, isOld } = await this.dialer(inlet);
    const made = new UpstreamConnection(this, stream, peer, inlet);
    if (isOld) made.carried = 1;
    this.#all.add(made);
    // It may have been closed while nobody listened, or have said what nobody asked for.
    if (stream.destroyed || inlet.spokeEarly) made.destroy();
    return made;
  }

  /** Takes a connection back; `keepAliveMs`: for how long the upstream says that it stays open. */
  put(connection: UpstreamConnection, keepAliveMs: number | null): void {
    if (this.#retired || this.#idle.length >= MAX_IDLE) {
      connection.destroy();
      return;
    }
    const stays =
      keepAliveMs === null
        ? this.#keepAliveMs
        : Math.min(this.#keepAliveMs, Math.max(0, keepAliveMs - KEEP_ALIVE_MARGIN_MS));
    connection.idleUntil = this.#clock() + stays;
    connection.idleAt = this.#idle.length;
    this.#idle.push(connection);
  }

  /** A connection is no more. */
  remove(connection: UpstreamConnection): void {
    this.#all.delete(connection);
    this.#removeIdle(connection);
  }

  /** Closes what has been idle for too long. */
  sweep(now: number): void {
    const over = this.#idle.filter(({ idleUntil }) => idleUntil < now);
    for (const connection of over) connection.destroy();
  }

  /** Takes no connection back; idle ones close now, busy ones with their exchange. */
  retire(): void {
    this.#retired = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  close(): void {
    this.#retired = true;
    for (const connection of this.#all) connection.destroy();
  }

  #removeIdle(connection: UpstreamConnection): void {
    const { idleAt } = connection;
    if (idleAt < 0 || this.#idle[idleAt] !== connection) return;
    const last = this.#idle.pop();
    if (last !== undefined && last !== connection) {
      this.#idle[idleAt] = last;
      last.idleAt = idleAt;
    }
    connection.idleAt = -1;
  }
}

export class UpstreamSets {
  readonly #sets = new Map<string, UpstreamSet>();
  readonly #clock: () => number;
  readonly #keepAliveMs: number;

  constructor(clock: () => number, keepAliveMs: number) {
    this.#clock = clock;
    this.#keepAliveMs = keepAliveMs;
  }

  /** The set of `key`, from now on with this dialer. */
  of(key: string, dialer: FastDialer): UpstreamSet {
    let set = this.#sets.get(key);
    if (set === undefined) {
      set = new UpstreamSet(dialer, this.#clock, this.#keepAliveMs);
      this.#sets.set(key, set);
    }
    set.dialer = dialer;
    return set;
  }

  sweep(now: number): void {
    for (const set of this.#sets.values()) set.sweep(now);
  }

  /** Retires the sets that `keep` doesn't want. */
  retire(keep: (key: string) => boolean): void {
    for (const [key, set] of this.#sets) {
      if (keep(key)) continue;
      this.#sets.delete(key);
      set.retire();
    }
  }

  close(): void {
    for (const set of this.#sets.values()) set.close();
    this.#sets.clear();
  }
}
