/**
 * A recording on disk: one SQLite file a session, written in batches of bytes, read back for older pages of the list and
 * for a replay. The only file that knows SQLite.
 */
import { closeSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EnvironmentError } from '../model/environment-error.ts';
import type { EventQuery } from '../model/event-query.ts';
import type { TrafficEvent } from '../model/traffic-event.ts';
import { type EventSegment, SharedContext } from '../proxy/events/event-segment.ts';
import { joinSegments, unpackSegment, withoutCredentials } from './recording-segments.ts';
import { pagesForwards, searchSegment } from './search-segment.ts';

const SCHEMA = `
  CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE segments (
    first INTEGER PRIMARY KEY,
    last INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    denied INTEGER NOT NULL,
    tags TEXT,
    body BLOB NOT NULL
  );
  CREATE INDEX segments_denied ON segments (first) WHERE denied > 0;
  CREATE INDEX segments_tagged ON segments (first) WHERE tags IS NOT NULL;
  CREATE TABLE contexts (
    stream INTEGER NOT NULL,
    number INTEGER NOT NULL,
    last INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (stream, number)
  ) WITHOUT ROWID;
  CREATE TABLE snapshots (version INTEGER PRIMARY KEY, policies TEXT NOT NULL);
`;
const FORMAT = 'greenroom-recording/2';

/** What a recording says of its session. */
export interface RecordingAbout {
  session: string;
  mesh: string;
  root: string;
  startedAt: string;
}

export interface RecordingReader {
  readonly about: RecordingAbout;
  query(query: EventQuery): TrafficEvent[];
  event(id: number): TrafficEvent | null;
  /** The policies of a snapshot version, as they were given to `writeSnapshot`; undefined when it has none. */
  policies(version: number): unknown;
  close(): void;
}

export interface RecordingWriter extends RecordingReader {
  /** Numbered segments, rising, in one transaction. */
  write(segments: readonly EventSegment[]): void;
  writeSnapshot(version: number, policies: unknown): void;
}

/** Path of a session's recording. */
export function recordingPath(folder: string, session: string): string {
  return join(folder, `${session}.sqlite`);
}

/** What the events of one recording may take on disk; the oldest make room. */
const MAX_BYTES = 2 * 1024 * 1024 * 1024;

/** Makes a recording; of its events the newest `maxBytes` are kept. */
export function createRecording(
  path: string,
  about: RecordingAbout,
  maxBytes: number = MAX_BYTES,
): RecordingWriter {
  try {
    // SQLite's own files beside it (-wal, -shm) take this one's mode.
    closeSync(openSync(path, 'wx', 0o600));
    const database = new DatabaseSync(path);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 1000;');
    database.exec(SCHEMA);
    const insert = database.prepare('INSERT INTO about VALUES (?, ?)');
    for (const [key, value] of Object.entries({ ...about, format: FORMAT })) insert.run(key, value);
    return writer(database, about, maxBytes);
  } catch (cause) {
    throw new EnvironmentError('recording-failed', `the recording ${path} can't be written`, { cause });
  }
}

/** Opens a recording for reading: a replay. Refuses what isn't one. */
export function openRecording(path: string): RecordingReader {
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    const rows = database.prepare('SELECT key, value FROM about').all() as { key: string; value: string }[];
    const about = Object.fromEntries(rows.map(({ key, value }) => [key, value]));
    if (about['format'] !== FORMAT) throw new Error(`format ${about['format'] ?? 'unknown'}`);
    const { session = '', mesh = '', root = '', startedAt = '' } = about;
    return reader(database, { session, mesh, root, startedAt });
  } catch (cause) {
    throw new EnvironmentError('not-a-recording', `${path} is not a recording of this version of Greenroom`, {
      cause,
    });
  }
}

/** Keeps the newest `keep` recordings and those named in `inUse`. */
export function pruneRecordings(folder: string, keep: number, inUse: ReadonlySet<string>): void {
  const found = readdirSync(folder)
    .filter((name) => name.endsWith('.sqlite'))
    .map((name) => ({
      name,
      session: name.slice(0, -'.sqlite'.length),
      changedAt: changedAt(join(folder, name)),
    }))
    .sort((a, b) => b.changedAt - a.changedAt);
  for (const { name, session } of found.slice(keep)) {
    if (inUse.has(session)) continue;
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, name + suffix), { force: true });
  }
}

function changedAt(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    // Pruned by a Greenroom beside this one.
    return 0;
  }
}

function writer(database: DatabaseSync, about: RecordingAbout, maxBytes: number): RecordingWriter {
  const insert = database.prepare('INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?)');
  const insertContext = database.prepare(
    'INSERT INTO contexts VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET last = excluded.last',
  );
  const snapshot = database.prepare('INSERT OR REPLACE INTO snapshots VALUES (?, ?)');
  const makeRoom = roomMaker(database, maxBytes);
  const writeOne = (segment: EventSegment): void => {
    const { stream, contexts, octets } = segment.parts;
    const tags = segment.tags();
    const last = segment.firstId + segment.length - 1;
    const body = octets.packed;
    for (const [number, { json }] of contexts) insertContext.run(stream, number, last, json);
    insert.run(
      segment.firstId,
      last,
      stream,
      segment.denied(),
      tags.length === 0 ? null : JSON.stringify(tags),
      body,
    );
    makeRoom(body.length);
  };
  return {
    ...reader(database, about),
    write(segments) {
      database.exec('BEGIN');
      try {
        for (const segment of joinSegments(segments)) writeOne(withoutCredentials(segment));
        database.exec('COMMIT');
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    writeSnapshot(version, policies) {
      snapshot.run(version, JSON.stringify(policies));
    },
  };
}

/** Takes the oldest segments out when there is more than may be, and the contexts that only they had. */
function roomMaker(database: DatabaseSync, maxBytes: number): (added: number) => void {
  const oldest = database.prepare('SELECT last, length(body) AS bytes FROM segments ORDER BY first LIMIT 1');
  const forgetSegments = database.prepare('DELETE FROM segments WHERE last <= ?');
  const forgetContexts = database.prepare('DELETE FROM contexts WHERE last <= ?');
  let bytes = 0;
  return (added) => {
    bytes += added;
    while (bytes > maxBytes) {
      const row = oldest.get() as { last: number; bytes: number } | undefined;
      if (row === undefined || row.bytes === bytes) return;
      forgetSegments.run(row.last);
      forgetContexts.run(row.last);
      bytes -= row.bytes;
    }
  };
}

function reader(database: DatabaseSync, about: RecordingAbout): RecordingReader {
  const policies = database.prepare(
    'SELECT policies FROM snapshots WHERE version <= ? ORDER BY version DESC LIMIT 1',
  );
  return {
    about,
    query: (query) => run(database, query),
    event: (id) => run(database, { after: id - 1, before: id + 1, limit: 1 })[0] ?? null,
    policies(version) {
      const row = policies.get(version) as { policies: string } | undefined;
      return row ? JSON.parse(row.policies) : undefined;
    },
    close: () => database.close(),
  };
}

interface Row {
  first: number;
  stream: number;
  tags: string | null;
  body: Uint8Array;
}

/** SQL narrows by what has an index; `searchSegment` has the last word. */
function run(database: DatabaseSync, query: EventQuery): TrafficEvent[] {
  const clauses: string[] = [];
  const values: number[] = [];
  const add = (clause: string, value: number | undefined): void => {
    if (value === undefined) return;
    clauses.push(clause);
    values.push(value);
  };
  add('first < ?', query.before);
  add('last > ?', query.after);
  if (query.verdict === 'deny') clauses.push('denied > 0');
  if (query.verdict === 'allow') clauses.push('denied <= last - first');
  if (query.tag !== undefined) clauses.push('tags IS NOT NULL');
  const where = clauses.length > 0 ? `WHERE ${clauses.join(' AND ')}` : '';
  const order = pagesForwards(query) ? 'ASC' : 'DESC';
  const rows = database.prepare(
    `SELECT first, stream, tags, body FROM segments ${where} ORDER BY first ${order}`,
  );
  const contextsOf = contextReader(database);
  const found: TrafficEvent[] = [];
  for (const each of rows.iterate(...values)) {
    if (found.length >= query.limit) break;
    const row = each as unknown as Row;
    if (query.tag !== undefined && !(JSON.parse(row.tags ?? '[]') as string[]).includes(query.tag)) continue;
    searchSegment(unpackSegment(row, contextsOf(row.stream)), query, found);
  }
  return pagesForwards(query) ? found : found.reverse();
}

/** Contexts by their writer, each fetched when it is first asked for. */
function contextReader(database: DatabaseSync): (stream: number) => ReadonlyMap<number, SharedContext> {
  const one = database.prepare('SELECT body FROM contexts WHERE stream = ? AND number = ?');
  const streams = new Map<number, StoredContexts>();
  return (stream) => {
    const known = streams.get(stream) ?? new StoredContexts((number) => one.get(stream, number));
    streams.set(stream, known);
    return known;
  };
}

class StoredContexts extends Map<number, SharedContext> {
  readonly #fetch: (number: number) => unknown;

  constructor(fetch: (number: number) => unknown) {
    super();
    this.#fetch = fetch;
  }

  override get(number: number): SharedContext | undefined {
    const known = super.get(number);
    if (known !== undefined) return known;
    const row = this.#fetch(number) as { body: string } | undefined;
    if (row === undefined) return undefined;
    const fresh = new SharedContext(row.body);
    this.set(number, fresh);
    return fresh;
  }
}
