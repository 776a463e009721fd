/**
 * HTTP/2 connections to upstreams, one a destination as long as it has room for a stream. How a connection is made
 * (plain, or mutual TLS behind the gate) is the dialer's business. A connection that the peer drains takes nothing
 * new; one that was made for a rehearsed caller serves that caller's tag alone, since its hop tells the tag.
 */
import type { Duplex } from 'node:stream';
import type { Http2Stream } from '../../wire/http2/stream.ts';
import type { Limits } from '../limits.ts';
import type { Dialer } from '../upstream-pool.ts';
import { Http2Link, type LinkHandlers } from './link.ts';
import type { Http2UpstreamExchange } from './upstream-http2.ts';

export type ClientLink = Http2Link<Http2UpstreamExchange>;

export class Http2Pool {
  /** The newest one: new connections are made with the snapshot in force, open ones stay. */
  dial: Dialer;
  readonly #limits: Limits;
  readonly #lasting: boolean;
  readonly #links = new Set<ClientLink>();
  #dialing: Promise<ClientLink> | null = null;
  #retired = false;
  #closed = false;

  /** `use`: `once` closes a connection when its last stream is over. */
  constructor(dial: Dialer, limits: Limits, use: 'lasting' | 'once') {
    this.dial = dial;
    this.#limits = limits;
    this.#lasting = use === 'lasting';
  }

  /** One that takes a stream now; null = `connect` has to make one. */
  ready(): ClientLink | null {
    for (const link of this.#links) if (link.connection.accepts && !link.socket.destroyed) return link;
    return null;
  }

  /** Waits for a connection; rejects with the dialer's error. */
  connect(): Promise<ClientLink> {
    this.#dialing ??= this.#make().finally(() => {
      this.#dialing = null;
    });
    return this.#dialing;
  }

  /** Whether it holds no connection and makes none. */
  get idle(): boolean {
    return this.#links.size === 0 && this.#dialing === null;
  }

  /** Ends each connection with its last stream, also one that is still being made for somebody. */
  retire(): void {
    this.#retired = true;
    for (const link of this.#links) link.drain();
  }

  /** Whoever waited for the connection doesn't want it any more. */
  release(link: ClientLink): void {
    if ((this.#retired || !this.#lasting) && link.connection.streams === 0) link.drain();
  }

  close(): void {
    this.#closed = true;
    for (const link of this.#links) link.socket.destroy();
  }

  async #make(): Promise<ClientLink> {
    const socket: Duplex = await this.dial();
    if (this.#closed) {
      socket.destroy();
      throw new Error('the data plane has closed');
    }
    const link: ClientLink = new Http2Link(
      'client',
      socket,
      this.#handlers(() => link),
      this.#limits,
    );
    this.#links.add(link);
    return link;
  }

  #handlers(link: () => ClientLink): LinkHandlers<Http2UpstreamExchange> {
    const of = (stream: Http2Stream<Http2UpstreamExchange>) => stream.context;
    return {
      head: (stream, block, then) => of(stream)?.onHead(block, then),
      data: (stream, bytes, then) => of(stream)?.onData(bytes, then),
      trailers: (stream, block) => of(stream)?.onTrailers(block),
      reset: (stream, code, by) => of(stream)?.onReset(code, by),
      sent: (stream, count) => of(stream)?.onSent(count),
      closed: () => this.release(link()),
      over: () => this.#links.delete(link()),
    };
  }
}

export class Http2Pools {
  readonly #limits: Limits;
  readonly #pools = new Map<string, Http2Pool>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** The pool of `key`; the key names everything that a connection's identity depends on, but for the tag. */
  pool(key: string, tag: string | null, dial: Dialer): Http2Pool {
    const own = tag === null ? key : `${key}|tag ${tag}`;
    let pool = this.#pools.get(own);
    if (pool === undefined) {
      this.#forgetIdle();
      pool = new Http2Pool(dial, this.#limits, tag === null ? 'lasting' : 'once');
      this.#pools.set(own, pool);
    }
    pool.dial = dial;
    return pool;
  }

  /** Retires the pools that `keep` doesn't want. */
  retire(keep: (key: string) => boolean): void {
    for (const [key, pool] of this.#pools) {
      if (keep(key.split('|tag ', 1)[0] as string)) continue;
      this.#pools.delete(key);
      pool.retire();
    }
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
  }

  #forgetIdle(): void {
    for (const [key, pool] of this.#pools) if (pool.idle) this.#pools.delete(key);
  }
}
