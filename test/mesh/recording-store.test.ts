import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRecording, openRecording, pruneRecordings } from '../../mesh/recording-store.ts';
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
    expect(() => store.write([sampleEvent({ id: 1 }), sampleEvent({ id: 1 })])).toThrow();
    expect(store.query({ limit: 10 })).toEqual([]);
    store.write([sampleEvent({ id: 1 })]);
    expect(store.event(1)).toEqual(sampleEvent({ id: 1 }));
    store.close();
  });
});

describe('pruning', () => {
  it('spares those of sessions that run', () => {
    for (const session of ['a', 'b', 'c'])
      createRecording(join(folder, `${session}.sqlite`), { ...ABOUT, session }).close();
    pruneRecordings(folder, 0, new Set(['b']));
    expect(openRecording(join(folder, 'b.sqlite')).about.session).toBe('b');
    expect(() => openRecording(join(folder, 'a.sqlite'))).toThrow();
  });
});
