import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRecorder, Recorder } from '../../mesh/recorder.ts';
import {
  createRecording,
  openRecording,
  type RecordingWriter,
  recordingPath,
} from '../../mesh/recording-store.ts';
import { EventSegment } from '../../proxy/events/event-segment.ts';
import { segmentOf } from '../../proxy/events/segment-reader.ts';
import { deniedEvent, sampleEvent } from '../support/sample-event.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'greenroom-recorder-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const about = (session: string) => ({
  session,
  mesh: 'shop',
  root: '/shop',
  startedAt: '2026-01-01T00:00:00Z',
});
const ids = (events: Iterable<{ id: number }>): number[] => [...events].map(({ id }) => id);

const brokenStore: RecordingWriter = {
  about: about('broken'),
  write: () => {
    throw new Error('disk full');
  },
  writeSnapshot: () => undefined,
  query: () => [],
  event: () => null,
  policies: () => undefined,
  close: () => undefined,
};

describe('a recorder', () => {
  it('counts what the disk refuses, and goes on', () => {
    const recorder = new Recorder(brokenStore, 10);
    recorder.record(segmentOf([sampleEvent(), sampleEvent()]));
    recorder.write();
    expect(recorder.counts()).toEqual({ events: 2, denied: 0, dropped: 2 });
    expect(ids(recorder.query({ limit: 10 }))).toEqual([1, 2]);
    recorder.close();
  });

  it('counts what was lost on its way, also when nothing came with it', () => {
    const recorder = openRecorder(dataDir, about('a'));
    const { parts } = segmentOf([sampleEvent()]);
    recorder.record(new EventSegment({ ...parts, lost: 3 }));
    recorder.record(new EventSegment({ ...segmentOf([]).parts, lost: 2 }));
    expect(recorder.counts()).toEqual({ events: 1, denied: 0, dropped: 5 });
    recorder.close();
  });

  it('goes on when the disk refuses the policies of a snapshot', () => {
    const writeSnapshot = (): never => {
      throw new Error('disk full');
    };
    const recorder = new Recorder({ ...brokenStore, writeSnapshot }, 10);
    recorder.snapshotInForce(1, {});
    expect(recorder.counts()).toEqual({ events: 0, denied: 0, dropped: 1 });
    recorder.close();
  });

  it('has the policies of each version from disk, and none of one that the disk refused', () => {
    const folder = join(dataDir, 'recording');
    mkdirSync(folder);
    const store = createRecording(recordingPath(folder, 'a'), about('a'));
    let full = false;
    const recorder = new Recorder({
      ...store,
      writeSnapshot: (version, policies) => {
        if (full) throw new Error('disk full');
        store.writeSnapshot(version, policies);
      },
    });
    recorder.snapshotInForce(1, { web: {} });
    full = true;
    recorder.snapshotInForce(3, { web: {}, orders: {} });
    expect(recorder.policiesSince(1)).toEqual({ web: {} });
    expect(recorder.policiesSince(3)).toBeUndefined();
    recorder.close();
    expect(recorder.policiesSince(1)).toBeUndefined();
  });

  it('records nothing after its end, which can be had twice', () => {
    const recorder = openRecorder(dataDir, about('a'));
    recorder.record(segmentOf([sampleEvent()]));
    recorder.close();
    recorder.close();
    recorder.record(segmentOf([sampleEvent()]));
    expect(recorder.counts().events).toBe(1);
    expect(recorder.event(1)).not.toBe(null);
  });

  it('numbers events from 1 and tells them once, in order', () => {
    const recorder = openRecorder(dataDir, about('a'));
    const seen: number[] = [];
    const stop = recorder.listen((events) => seen.push(...ids(events)));
    recorder.record(segmentOf([sampleEvent(), deniedEvent()]));
    recorder.record(segmentOf([sampleEvent()]));
    stop();
    recorder.record(segmentOf([sampleEvent()]));
    recorder.close();
    expect(seen).toEqual([1, 2, 3]);
    expect(recorder.counts()).toEqual({ events: 4, denied: 1, dropped: 0 });
  });

  it('gives the last that match, or the first after an id', () => {
    const recorder = openRecorder(dataDir, about('a'));
    recorder.record(
      segmentOf(
        Array.from({ length: 20 }, (_, index) =>
          index % 2 === 0 ? sampleEvent() : deniedEvent({ tag: 'run/a/b' }),
        ),
      ),
    );
    expect(ids(recorder.query({ limit: 3 }))).toEqual([18, 19, 20]);
    expect(ids(recorder.query({ limit: 3, before: 10 }))).toEqual([7, 8, 9]);
    expect(ids(recorder.query({ limit: 3, after: 10 }))).toEqual([11, 12, 13]);
    expect(ids(recorder.query({ limit: 3, verdict: 'deny' }))).toEqual([16, 18, 20]);
    expect(ids(recorder.query({ limit: 2, tag: 'run/a/b', after: 3 }))).toEqual([4, 6]);
    expect(recorder.query({ limit: 3, workload: 'payments' })).toEqual([]);
    expect(ids(recorder.query({ limit: 1, text: 'SA/WEB' }))).toEqual([20]);
    expect(recorder.query({ limit: 0 })).toEqual([]);
    recorder.close();
  });

  it('fetches from disk what has left memory', () => {
    const recorder = openRecorder(dataDir, about('a'), { ring: 8 });
    for (let batch = 0; batch < 10; batch += 1)
      recorder.record(segmentOf(Array.from({ length: 5 }, () => sampleEvent())));
    recorder.write();
    expect(ids(recorder.query({ limit: 50 }))).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(ids(recorder.query({ limit: 4, before: 6 }))).toEqual([2, 3, 4, 5]);
    expect(ids(recorder.query({ limit: 3, after: 1 }))).toEqual([2, 3, 4]);
    expect(ids(recorder.query({ limit: 12, after: 38 }))).toEqual(
      Array.from({ length: 12 }, (_, index) => index + 39),
    );
    expect(recorder.event(3)?.id).toBe(3);
    expect(recorder.event(51)).toBe(null);
    recorder.close();
  });
});

describe('a recording', () => {
  it('is readable by its owner alone, and read again for a replay', () => {
    const recorder = openRecorder(dataDir, about('a'));
    recorder.snapshotInForce(1, { orders: {} });
    recorder.snapshotInForce(4, { orders: {}, web: {} });
    recorder.record(segmentOf([sampleEvent({ snapshotVersion: 3 }), deniedEvent()]));
    recorder.close();
    const path = recordingPath(join(dataDir, 'recordings'), 'a');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const recording = openRecording(path);
    expect(recording.about).toEqual(about('a'));
    expect(ids(recording.query({ limit: 5 }))).toEqual([1, 2]);
    expect(ids(recording.query({ limit: 5, verdict: 'deny' }))).toEqual([2]);
    expect(recording.policies(3)).toEqual({ orders: {} });
    expect(recording.policies(4)).toEqual({ orders: {}, web: {} });
    recording.close();
  });

  it('makes room: only the newest are kept, and a new one is never among the removed', () => {
    for (const session of ['a', 'b', 'c', 'd']) openRecorder(dataDir, about(session), { keep: 2 }).close();
    const left = readdirSync(join(dataDir, 'recordings')).filter((name) => name.endsWith('.sqlite'));
    expect(left).toHaveLength(2);
    expect(left).toContain('d.sqlite');
  });
});
