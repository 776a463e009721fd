/**
 * The traffic of a session: numbers events, keeps the newest in memory and all of them on disk, and tells whoever
 * listens. A disk that can't keep up, or is full, costs events on disk (counted), never the session.
 */
import { join } from 'node:path';
import type { TrafficEvent } from '../model/traffic-event.ts';
import { matchesQuery } from './event-filter.ts';
import { ensurePrivateFolder } from './data-dir.ts';
import {
  createRecording,
  pruneRecordings,
  type RecordingAbout,
  recordingPath,
  type RecordingWriter,
} from './recording-store.ts';
import { readSessionFiles } from './session-file.ts';
import type { EventQuery } from './session.ts';

const DEFAULT_RING = 100_000;
const LARGEST_PAGE = 10_000;
const WRITE_EVERY_MS = 100;
const BATCH = 1_000;
const LONGEST_QUEUE = 50_000;
const KEPT_RECORDINGS = 10;

export interface RecordingCounts {
  events: number;
  denied: number;
  /** Not on disk. */
  dropped: number;
}

/** A recorder that writes to the data folder, where the oldest recordings make room for this one. */
export function openRecorder(
  dataDir: string,
  about: RecordingAbout,
  { ring, keep = KEPT_RECORDINGS }: { ring?: number; keep?: number } = {},
): Recorder {
  const folder = ensurePrivateFolder(join(dataDir, 'recordings'));
  const recorder = new Recorder(createRecording(recordingPath(folder, about.session), about), ring);
  const running = readSessionFiles(dataDir).filter(({ alive }) => alive);
  pruneRecordings(folder, keep, new Set(running.map(({ id }) => id)));
  return recorder;
}

export class Recorder {
  readonly #store: RecordingWriter;
  readonly #ringSize: number;
  /** The newest events, rising by id without gaps. */
  readonly #ring: TrafficEvent[] = [];
  readonly #sinks = new Set<(events: readonly TrafficEvent[]) => void>();
  #unwritten: TrafficEvent[] = [];
  #timer: NodeJS.Timeout | null = null;
  #nextId = 1;
  #denied = 0;
  #dropped = 0;
  #closed = false;

  constructor(store: RecordingWriter, ringSize = DEFAULT_RING) {
    this.#store = store;
    this.#ringSize = ringSize;
  }

  record(events: readonly TrafficEvent[]): void {
    if (this.#closed || events.length === 0) return;
    const numbered = events.map((event) => ({ ...event, id: this.#nextId++ }));
    this.#denied += numbered.filter(({ decision }) => decision.verdict === 'deny').length;
    this.#ring.push(...numbered);
    // Cut in strides, as a shift at every event would move the whole array.
    if (this.#ring.length >= this.#ringSize * 1.25) this.#ring.splice(0, this.#ring.length - this.#ringSize);
    this.#queue(numbered);
    for (const sink of this.#sinks) sink(numbered);
  }

  listen(sink: (events: readonly TrafficEvent[]) => void): () => void {
    this.#sinks.add(sink);
    return () => this.#sinks.delete(sink);
  }

  counts(): RecordingCounts {
    return { events: this.#nextId - 1, denied: this.#denied, dropped: this.#dropped };
  }

  query(query: EventQuery): TrafficEvent[] {
    const limited = { ...query, limit: Math.max(0, Math.min(query.limit, LARGEST_PAGE)) };
    const oldest = this.#ring[0]?.id ?? this.#nextId;
    const forwards = query.after !== undefined;
    if (oldest > 1 && (forwards ? (query.after ?? 0) + 1 < oldest : true)) {
      const recent = forwards ? [] : this.#fromRing(limited);
      if (recent.length >= limited.limit && !forwards) return recent;
      return this.#withOlder(limited, recent, oldest);
    }
    return this.#fromRing(limited);
  }

  event(id: number): TrafficEvent | null {
    const oldest = this.#ring[0]?.id;
    if (oldest === undefined || id < oldest) return this.#closed ? null : this.#store.event(id);
    return this.#ring[id - oldest] ?? null;
  }

  /** Notes the policies that came into force with a snapshot version; they are in force, noted or not. */
  snapshotInForce(version: number, policies: unknown): void {
    if (this.#closed) return;
    try {
      this.#store.writeSnapshot(version, policies);
    } catch {
      this.#dropped += 1;
    }
  }

  /** Everything recorded so far is on disk. */
  write(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#unwritten.length > 0) {
      const batch = this.#unwritten.splice(0, BATCH);
      try {
        this.#store.write(batch);
      } catch {
        this.#dropped += batch.length;
      }
    }
  }

  /** Idempotent. What is in memory stays readable. */
  close(): void {
    if (this.#closed) return;
    this.write();
    this.#closed = true;
    this.#store.close();
  }

  #queue(events: readonly TrafficEvent[]): void {
    const room = LONGEST_QUEUE - this.#unwritten.length;
    this.#unwritten.push(...events.slice(0, room));
    this.#dropped += Math.max(0, events.length - room);
    if (this.#unwritten.length >= BATCH) this.write();
    this.#timer ??= setTimeout(() => this.write(), WRITE_EVERY_MS).unref();
  }

  #fromRing(query: EventQuery): TrafficEvent[] {
    const oldest = this.#ring[0]?.id ?? 1;
    const found: TrafficEvent[] = [];
    if (query.after !== undefined) {
      for (
        let index = Math.max(0, query.after + 1 - oldest);
        index < this.#ring.length && found.length < query.limit;
        index += 1
      ) {
        const event = this.#ring[index];
        if (event && matchesQuery(event, query)) found.push(event);
      }
      return found;
    }
    const from =
      query.before === undefined ? this.#ring.length : Math.min(this.#ring.length, query.before - oldest);
    for (let index = from - 1; index >= 0 && found.length < query.limit; index -= 1) {
      const event = this.#ring[index];
      if (event && matchesQuery(event, query)) found.push(event);
    }
    return found.reverse();
  }

  /** Pages that reach behind the ring come from disk; what was recorded last may not be there yet. */
  #withOlder(query: EventQuery, recent: TrafficEvent[], oldest: number): TrafficEvent[] {
    if (this.#closed) return query.after === undefined ? recent : this.#fromRing(query);
    if (query.after !== undefined) {
      const older = this.#store.query({ ...query, before: Math.min(query.before ?? oldest, oldest) });
      return [...older, ...this.#fromRing({ ...query, limit: query.limit - older.length })];
    }
    const older = this.#store.query({
      ...query,
      before: Math.min(query.before ?? oldest, oldest),
      limit: query.limit - recent.length,
    });
    return [...older, ...recent];
  }
}
