/**
 * Shared connections to the sidecars of others, by everything that their identity depends on. A stream is given out
 * with what the gate said of the connection that it runs on.
 */
import { Hop } from '../connection-table.ts';
import { decisionOf } from '../error-table.ts';
import { Inlet } from '../fast/inlet.ts';
import type { Dialled } from '../fast/upstream-set.ts';
import { UpstreamRefused } from '../forward-http.ts';
import type { PeerConnection } from '../outbound-route.ts';
import { MUX_ALPN, STREAM_ALPN } from '../../wire/mux-frames.ts';
import { MuxConnection } from './mux-connection.ts';

/** One shared connection. */
interface Line {
  connection: MuxConnection;
  peer: PeerConnection;
  /** The key material that it was made with. */
  material: unknown;
  streams: number;
  /** By the lane's clock; of one without streams. */
  idleSince: number;
  retired: boolean;
}

/** How a shared connection is made, and with which key material one would be made now. */
export interface MuxWay {
  key: string;
  material: unknown;
  dial(inlet: Inlet): Promise<PeerConnection>;
}

export class MuxPool {
  readonly #lines = new Map<string, Set<Line>>();
  readonly #dialling = new Map<string, Promise<Line | PeerConnection>>();
  readonly #clock: () => number;
  readonly #keepAliveMs: number;
  #closed = false;

  constructor(clock: () => number, keepAliveMs: number) {
    this.#clock = clock;
    this.#keepAliveMs = keepAliveMs;
  }

  /**
   * A stream of a shared connection, or a connection of its own where the other side shares none. `inlet` gets what
   * comes in. Rejects as `dial` does.
   */
  async open(way: MuxWay, inlet: Inlet): Promise<Dialled> {
    for (;;) {
      const line = this.#lineOf(way);
      if (line !== null) return { ...streamOf(line, inlet), isOld: true };
      const under = this.#dialling.get(way.key);
      // Not shared: each needs its own.
      if (under === undefined || !('connection' in (await under))) return this.#own(way, inlet);
    }
  }

  async #own(way: MuxWay, inlet: Inlet): Promise<Dialled> {
    const own = new Inlet();
    const made = await this.#dial(way, own);
    if ('connection' in made) return streamOf(made, inlet);
    own.reader = (lent) => inlet.reader(lent);
    if (own.spokeEarly) made.stream.destroy();
    return { stream: made.stream, peer: made };
  }

  #lineOf({ key, material }: MuxWay): Line | null {
    for (const line of this.#lines.get(key) ?? [])
      if (line.material === material && line.connection.hasRoom) return line;
    return null;
  }

  /** Whoever comes meanwhile waits for this one. */
  #dial(way: MuxWay, inlet: Inlet): Promise<Line | PeerConnection> {
    const { key } = way;
    const under = way.dial(inlet).then((peer) => this.#made(way, peer, inlet));
    this.#dialling.set(key, under);
    const over = (): void => {
      if (this.#dialling.get(key) === under) this.#dialling.delete(key);
    };
    under.then(over, over);
    return under;
  }

  #made({ key, material }: MuxWay, peer: PeerConnection, inlet: Inlet): Line | PeerConnection {
    if (peer.tls?.alpn !== MUX_ALPN) return peer;
    const { stream } = peer;
    if (this.#closed || inlet.spokeEarly || stream.destroyed) {
      stream.destroy();
      throw new UpstreamRefused(decisionOf('upstream-reset'));
    }
    const connection = new MuxConnection(stream, null);
    inlet.reader = (lent) => connection.take(lent);
    const line: Line = { connection, peer, material, streams: 0, idleSince: this.#clock(), retired: false };
    connection.onUse = (streams) => {
      line.streams = streams;
      line.idleSince = this.#clock();
      if (streams === 0 && line.retired) connection.destroy();
    };
    const lines = this.#lines.get(key) ?? new Set<Line>();
    this.#lines.set(key, lines.add(line));
    stream.once('close', () => {
      lines.delete(line);
      if (lines.size === 0 && this.#lines.get(key) === lines) this.#lines.delete(key);
    });
    return line;
  }

  /** Closes what has been idle for too long. */
  sweep(now: number): void {
    for (const lines of this.#lines.values())
      for (const { connection, streams, idleSince } of lines)
        if (streams === 0 && idleSince + this.#keepAliveMs < now) connection.destroy();
  }

  /** Opens no more streams for the keys that `keep` doesn't want; their connections end with the last stream. */
  retire(keep: (key: string) => boolean): void {
    for (const [key, lines] of this.#lines) {
      if (keep(key)) continue;
      this.#lines.delete(key);
      for (const line of lines) {
        line.retired = true;
        if (line.streams === 0) line.connection.destroy();
      }
    }
  }

  close(): void {
    this.#closed = true;
    for (const lines of this.#lines.values()) for (const { connection } of lines) connection.destroy();
  }
}

function streamOf({ connection, peer }: Line, inlet: Inlet): Dialled {
  const stream = connection.stream();
  stream.reader = (lent) => inlet.reader(lent);
  const { ip, instance } = peer.source;
  const source = new Hop({ ip, instance, tag: null });
  source.onChange(() => connection.sendTag(stream.id, source.tag));
  return { stream, peer: { ...peer, stream, source, tls: peer.tls && { ...peer.tls, alpn: STREAM_ALPN } } };
}
