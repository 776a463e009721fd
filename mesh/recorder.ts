/**
 * The traffic of a session: numbers events, keeps the newest in memory and all of them on disk, and tells whoever
 * listens. Events stay the bytes that they came as until somebody asks for one. A disk that can't keep up, or is
 * full, costs events on disk (counted), never the session.
 */
import { join } from 'node:path';
import type { EventQuery } from '../model/event-query.ts';
import type { TrafficEvent } from '../model/traffic-event.ts';
import type { EventSegment } from '../proxy/events/event-segment.ts';
import { ensurePrivateFolder } from './data-dir.ts';
import type { MeshPolicies } from './mesh-policies.ts';
import {
  createRecording,
  pruneRecordings,
  type RecordingAbout,
  recordingPath,
  type RecordingWriter,
} from './recording-store.ts';
import { RecentEvents } from './recent-events.ts';
import { pagesForwards } from './search-segment.ts';
import { readSessionFiles } from './session-file.ts';
import type { RecordedEvents } from './session.ts';

const LARGEST_PAGE = 10_000;
const WRITE_EVERY_MS = 100;
const BATCH = 1_000;
const LONGEST_QUEUE = 50_000;
const KEPT_RECORDINGS = 10;

export interface RecordingCounts {
  events: number;
  denied: number;
  /** Lost on the way from the data plane, or not on disk. */
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
  readonly #recent: RecentEvents;
  readonly #sinks = new Set<(events: RecordedEvents) => void>();
  #unwritten: EventSegment[] = [];
  #unwrittenEvents = 0;
  /** Snapshots whose policies are not on disk, where the next older ones would be taken for them. */
  readonly #unwrittenVersions = new Set<number>();
  #timer: NodeJS.Timeout | null = null;
  #nextId = 1;
  #denied = 0;
  #dropped = 0;
  #closed = false;

  constructor(store: RecordingWriter, ring?: number) {
    this.#store = store;
    this.#recent = new RecentEvents(ring);
  }

  record(unnumbered: EventSegment): void {
    if (this.#closed) return;
    this.#dropped += unnumbered.lost;
    if (unnumbered.length === 0) return;
    const segment = unnumbered.numbered(this.#nextId);
    this.#nextId += segment.length;
    this.#denied += segment.denied();
    this.#recent.add(segment);
    this.#queue(segment);
    for (const sink of this.#sinks) sink(segment);
  }

  listen(sink: (events: RecordedEvents) => void): () => void {
    this.#sinks.add(sink);
    return () => this.#sinks.delete(sink);
  }

  counts(): RecordingCounts {
    return { events: this.#nextId - 1, denied: this.#denied, dropped: this.#dropped };
  }

  query(query: EventQuery): TrafficEvent[] {
    const limited = { ...query, limit: Math.max(0, Math.min(query.limit, LARGEST_PAGE)) };
    const oldest = this.#recent.oldestId ?? this.#nextId;
    const reachesBack = !pagesForwards(query) || (query.after ?? 0) + 1 < oldest;
    if (this.#closed || oldest <= 1 || !reachesBack) return this.#recent.query(limited);
    return this.#withOlder(limited, oldest);
  }

  event(id: number): TrafficEvent | null {
    const oldest = this.#recent.oldestId;
    if (oldest === null || id < oldest) return this.#closed ? null : this.#store.event(id);
    return this.#recent.event(id);
  }

  /** Notes the policies that came into force with a snapshot version; they are in force, noted or not. */
  snapshotInForce(version: number, policies: MeshPolicies): void {
    if (this.#closed) return;
    try {
      this.#store.writeSnapshot(version, policies);
    } catch {
      this.#dropped += 1;
      this.#unwrittenVersions.add(version);
    }
  }

  /** The policies that came into force with this version; undefined where the disk refused them, or after the end. */
  policiesSince(version: number): MeshPolicies | undefined {
    if (this.#closed || this.#unwrittenVersions.has(version)) return undefined;
    return this.#store.policies(version) as MeshPolicies | undefined;
  }

  /** Everything recorded so far is on disk. */
  write(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const segments = this.#unwritten;
    this.#unwritten = [];
    this.#unwrittenEvents = 0;
    try {
      this.#store.write(segments);
    } catch {
      this.#dropped += segments.reduce((sum, { length }) => sum + length, 0);
    }
  }

  /** Idempotent. What is in memory stays readable. */
  close(): void {
    if (this.#closed) return;
    this.write();
    this.#closed = true;
    this.#store.close();
  }

  #queue(segment: EventSegment): void {
    if (this.#unwrittenEvents + segment.length > LONGEST_QUEUE) {
      this.#dropped += segment.length;
      return;
    }
    this.#unwritten.push(segment);
    this.#unwrittenEvents += segment.length;
    if (this.#unwrittenEvents >= BATCH) this.write();
    else this.#timer ??= setTimeout(() => this.write(), WRITE_EVERY_MS).unref();
  }

  /** Pages that reach behind memory come from disk; what was recorded last may not be there yet. */
  #withOlder(query: EventQuery, oldest: number): TrafficEvent[] {
    const older = { ...query, before: Math.min(query.before ?? oldest, oldest) };
    if (pagesForwards(query)) {
      const first = this.#store.query(older);
      return [...first, ...this.#recent.query({ ...query, limit: query.limit - first.length })];
    }
    const recent = this.#recent.query(query);
    if (recent.length >= query.limit) return recent;
    return [...this.#store.query({ ...older, limit: query.limit - recent.length }), ...recent];
  }
}
