import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRecording, openRecording, pruneRecordings } from '../../mesh/recording-store.ts';
import type { EventQuery } from '../../model/event-query.ts';
import { EventSegment } from '../../proxy/events/event-segment.ts';
import { segmentOf } from '../../proxy/events/segment-reader.ts';
import { exchangesOf } from '../support/exchanges.ts';
import { sampleEvent } from '../support/sample-event.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenroom-recording-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ABOUT = { session: 'a', mesh: 'shop', root: '/shop', startedAt: '2026-01-01T00:00:00Z' };

describe('opening a recording', () => {
  it('refuses a file that is something else', () => {
    writeFileSync(join(folder, 'x.sqlite'), 'no database at all, just text of some length to be sure of it');
    expect(() => openRecording(join(folder, 'x.sqlite'))).toThrow(/is not a recording/);
  });

  it('refuses a file that is not there', () => {
    expect(() => openRecording(join(folder, 'none.sqlite'))).toThrow(/is not a recording/);
  });

  it('never writes over another one', () => {
    createRecording(join(folder, 'a.sqlite'), ABOUT).close();
    expect(() => createRecording(join(folder, 'a.sqlite'), ABOUT)).toThrow(/can't be written/);
  });
});

describe('writing', () => {
  it('takes a batch as a whole or not at all', () => {
    const store = createRecording(join(folder, 'a.sqlite'), ABOUT);
    const first = segmentOf([sampleEvent()]).numbered(1);
    const other = new EventSegment({ ...first.parts, stream: 7, firstId: 1 });
    expect(() => store.write([first, other])).toThrow();
    expect(store.query({ limit: 10 })).toEqual([]);
    store.write([first]);
    expect(store.event(1)).toEqual(sampleEvent({ id: 1 }));
    expect(store.event(2)).toBe(null);
    store.close();
  });

  it('puts no credential on the disk, even if one came by the hot path', () => {
    const path = join(folder, 'a.sqlite');
    const store = createRecording(path, ABOUT);
    store.write([
      exchangesOf(['authorization: Bearer s3cret', 'x-token: eyJhbGciOiJub25lIn0.eyJz.x']).numbered(1),
    ]);
    expect(store.query({ limit: 5 }).map((event) => event.request?.headers)).toEqual([
      [['authorization', '[redacted]']],
      [['x-token', '[redacted]']],
    ]);
    store.close();
    expect(zlib.zstdDecompressSync(bodyOf(path)).toString('latin1')).not.toMatch(/s3cret|eyJ/);
  });
});

describe('room', () => {
  it('is made by the oldest events, and by the contexts that only they had', () => {
    const path = join(folder, 'a.sqlite');
    const one = exchangesOf(['x-n: 1'], { stream: 1 });
    const size = one.parts.octets.packed.length;
    const store = createRecording(path, ABOUT, size * 2);
    for (const [index, stream] of [1, 2, 3, 4].entries())
      store.write([exchangesOf(['x-n: 1'], { stream }).numbered(index + 1)]);
    expect(store.query({ limit: 10 }).map(({ id }) => id)).toEqual([3, 4]);
    store.close();
    const database = new DatabaseSync(path);
    expect(database.prepare('SELECT stream FROM contexts').all()).toEqual([{ stream: 3 }, { stream: 4 }]);
    database.close();
  });

  it('is not made by the newest, however large', () => {
    const store = createRecording(join(folder, 'a.sqlite'), ABOUT, 1);
    store.write([exchangesOf(['x-n: 1']).numbered(1)]);
    expect(store.event(1)).not.toBe(null);
    store.close();
  });
});

describe('reading', () => {
  it('refuses a row whose bytes are no events, rather than show others', () => {
    const path = join(folder, 'a.sqlite');
    const store = createRecording(path, ABOUT);
    store.write([segmentOf([sampleEvent()]).numbered(1)]);
    store.close();
    const database = new DatabaseSync(path);
    database.prepare('UPDATE segments SET body = ?').run(zlib.zstdCompressSync(Buffer.alloc(64)));
    database.close();
    const recording = openRecording(path);
    expect(() => recording.query({ limit: 1 })).toThrow('no record');
    recording.close();
  });

  it('finds exchanges of several writers by what they share, in the order of their numbers', () => {
    const path = join(folder, 'a.sqlite');
    const store = createRecording(path, ABOUT);
    const lines = Array.from({ length: 3 }, (_, index) => `x-n: ${index}`);
    store.write([
      exchangesOf(lines, { stream: 1, tag: 'run/a/b' }).numbered(1),
      exchangesOf(lines, { stream: 3, tag: 'run/a/c' }).numbered(4),
      exchangesOf(lines, { stream: 2 }).numbered(7),
    ]);
    store.close();
    const recording = openRecording(path);
    const found = (query: Partial<EventQuery>): number[] =>
      recording.query({ limit: 100, ...query }).map(({ id }) => id);
    expect(found({})).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(found({ tag: 'run/a/c' })).toEqual([4, 5, 6]);
    expect(found({ tag: 'run/a' })).toEqual([]);
    expect(found({ after: 2, limit: 3 })).toEqual([3, 4, 5]);
    expect(found({ before: 8, limit: 2 })).toEqual([6, 7]);
    expect(found({ verdict: 'deny' })).toEqual([]);
    expect(found({ workload: 'web', verdict: 'allow' })).toHaveLength(9);
    expect(found({ workload: 'payments' })).toEqual([]);
    recording.close();
  });
});

/** The one row of a recording. */
function bodyOf(path: string): Uint8Array {
  const database = new DatabaseSync(path);
  const { body } = database.prepare('SELECT body FROM segments').get() as { body: Uint8Array };
  database.close();
  return body;
}

describe('pruning', () => {
  it('spares those of sessions that run', () => {
    for (const session of ['a', 'b', 'c'])
      createRecording(join(folder, `${session}.sqlite`), { ...ABOUT, session }).close();
    pruneRecordings(folder, 0, new Set(['b']));
    expect(openRecording(join(folder, 'b.sqlite')).about.session).toBe('b');
    expect(() => openRecording(join(folder, 'a.sqlite'))).toThrow();
  });
});
