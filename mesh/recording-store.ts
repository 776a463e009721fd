/**
 * A recording on disk: one SQLite file a session, written in batches, read back for older pages of the list and
 * for a replay. The only file that knows SQLite.
 */
import { closeSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EnvironmentError } from '../model/environment-error.ts';
import type { TrafficEvent } from '../model/traffic-event.ts';
import { matchesQuery } from './event-filter.ts';
import type { EventQuery } from './session.ts';

const SCHEMA = `
  CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE events (id INTEGER PRIMARY KEY, verdict TEXT NOT NULL, tag TEXT, body TEXT NOT NULL);
  CREATE INDEX events_denied ON events (id) WHERE verdict = 'deny';
  CREATE INDEX events_tag ON events (tag, id) WHERE tag IS NOT NULL;
  CREATE TABLE snapshots (version INTEGER PRIMARY KEY, policies TEXT NOT NULL);
`;
const FORMAT = 'greenroom-recording/1';

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
  /** One transaction. */
  write(events: readonly TrafficEvent[]): void;
  writeSnapshot(version: number, policies: unknown): void;
}

/** Path of a session's recording. */
export function recordingPath(folder: string, session: string): string {
  return join(folder, `${session}.sqlite`);
}

export function createRecording(path: string, about: RecordingAbout): RecordingWriter {
  try {
    // SQLite's own files beside it (-wal, -shm) take this one's mode.
    closeSync(openSync(path, 'wx', 0o600));
    const database = new DatabaseSync(path);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 1000;');
    database.exec(SCHEMA);
    const insert = database.prepare('INSERT INTO about VALUES (?, ?)');
    for (const [key, value] of Object.entries({ ...about, format: FORMAT })) insert.run(key, value);
    return writer(database, about);
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

function writer(database: DatabaseSync, about: RecordingAbout): RecordingWriter {
  const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?)');
  const snapshot = database.prepare('INSERT OR REPLACE INTO snapshots VALUES (?, ?)');
  return {
    ...reader(database, about),
    write(events) {
      database.exec('BEGIN');
      try {
        for (const event of events)
          insert.run(event.id, event.decision.verdict, event.tag, JSON.stringify(event));
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

function reader(database: DatabaseSync, about: RecordingAbout): RecordingReader {
  const one = database.prepare('SELECT body FROM events WHERE id = ?');
  const policies = database.prepare(
    'SELECT policies FROM snapshots WHERE version <= ? ORDER BY version DESC LIMIT 1',
  );
  return {
    about,
    query: (query) => run(database, query),
    event(id) {
      const row = one.get(id) as { body: string } | undefined;
      return row ? (JSON.parse(row.body) as TrafficEvent) : null;
    },
    policies(version) {
      const row = policies.get(version) as { policies: string } | undefined;
      return row ? JSON.parse(row.policies) : undefined;
    },
    close: () => database.close(),
  };
}

/** SQL narrows by what has an index; `matchesQuery` has the last word. */
function run(database: DatabaseSync, query: EventQuery): TrafficEvent[] {
  const clauses: string[] = [];
  const values: (string | number)[] = [];
  const add = (clause: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    clauses.push(clause);
    values.push(value);
  };
  add('id < ?', query.before);
  add('id > ?', query.after);
  add('verdict = ?', query.verdict);
  add('tag = ?', query.tag);
  const forwards = query.after !== undefined;
  const where = clauses.length > 0 ? `WHERE ${clauses.join(' AND ')}` : '';
  const sql = `SELECT body FROM events ${where} ORDER BY id ${forwards ? 'ASC' : 'DESC'}`;
  const found: TrafficEvent[] = [];
  for (const row of database.prepare(sql).iterate(...values)) {
    if (found.length >= query.limit) break;
    const event = JSON.parse((row as { body: string }).body) as TrafficEvent;
    if (matchesQuery(event, query)) found.push(event);
  }
  return forwards ? found : found.reverse();
}
