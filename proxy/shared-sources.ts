/**
 * Who a hop is, told across threads: where sidecars are spread over several workers, the one that accepts a
 * connection isn't the one that made it. One place a local port in memory that all of them share; a place holds a
 * few hundred bytes of JSON, and is touched only while a hop with that port is open.
 */
import type { Endpoints, Source } from './connection-table.ts';

const PLACES = 65_536;
/** u32 length of the text, u32 count of its changes, text. */
const PLACE_BYTES = 512;
const HEAD_BYTES = 8;

/** Memory for the hops of all workers; pages of it that nobody touches cost nothing. */
export function createSourceMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(PLACES * PLACE_BYTES);
}

interface Place extends Source {
  /** Both ends of the connection, so that a place is never taken for another connection's. */
  ends: string;
}

/** The ends as the accepting side names them. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Endpoints): string {
  return `${remoteAddress}|${remotePort}|${localAddress}|${localPort}`;
}

export class SharedSources {
  readonly #words: Int32Array;
  readonly #octets: Uint8Array;
  readonly #read = new Map<number, { changes: number; place: Place }>();

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#octets = new Uint8Array(memory);
  }

  /** Tells who is behind a connection; `ends` as the accepting side sees them. A text that is too long isn't told. */
  tell(ends: Endpoints, { ip, instance, tag }: Source): void {
    const text = new TextEncoder().encode(JSON.stringify({ ends: endsOf(ends), ip, instance, tag }));
    const word = this.#wordOf(ends.remotePort);
    Atomics.store(this.#words, word, 0);
    if (text.length > PLACE_BYTES - HEAD_BYTES) return;
    this.#octets.set(text, word * 4 + HEAD_BYTES);
    Atomics.add(this.#words, word + 1, 1);
    Atomics.store(this.#words, word, text.length);
  }

  /** The connection is gone. */
  forget(ends: Endpoints): void {
    if (this.lookUp(ends) !== null) Atomics.store(this.#words, this.#wordOf(ends.remotePort), 0);
  }

  /** null when no hop was told with these ends. */
  lookUp(accepted: Endpoints): Source | null {
    const place = this.#place(accepted.remotePort);
    return place?.ends === endsOf(accepted) ? place : null;
  }

  #place(port: number): Place | null {
    const word = this.#wordOf(port);
    const length = Atomics.load(this.#words, word);
    if (length === 0) {
      this.#read.delete(port);
      return null;
    }
    const changes = Atomics.load(this.#words, word + 1);
    const known = this.#read.get(port);
    if (known?.changes === changes) return known.place;
    const start = word * 4 + HEAD_BYTES;
    // A copy: no decoder reads memory that another thread may write.
    const text = new TextDecoder().decode(this.#octets.slice(start, start + length));
    const place = JSON.parse(text) as Place;
    this.#read.set(port, { changes, place });
    return place;
  }

  #wordOf(port: number): number {
    return (port % PLACES) * (PLACE_BYTES / 4);
  }
}
