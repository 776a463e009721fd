import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOf } from '../../mesh/process-table.ts';
import {
  createSessionFile,
  newSessionId,
  readSessionFiles,
  removeSessionFile,
} from '../../mesh/session-file.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'greenroom-session-file-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const folder = () => join(dataDir, 'sessions');
const create = (id = 'a') => createSessionFile(dataDir, { id, mesh: 'shop', root: '/shop' });

describe("a session's file", () => {
  it('that is cut off, of another shape, or no JSON stands for no session', () => {
    create();
    const whole = readFileSync(join(folder(), 'a.json'), 'utf8');
    writeFileSync(join(folder(), 'cut.json'), whole.slice(0, 40));
    writeFileSync(join(folder(), 'shape.json'), '{"id":"x","owner":{"pid":-1}}');
    writeFileSync(join(folder(), 'empty.json'), '');
    expect(readSessionFiles(dataDir).map(({ id }) => id)).toEqual(['a']);
  });

  it('is for its user alone, and there before anything is started', () => {
    create();
    expect(statSync(join(folder(), 'a.json')).mode & 0o777).toBe(0o600);
    expect(readSessionFiles(dataDir)).toMatchObject([
      { id: 'a', alive: true, runtime: 'unknown', owner: { pid: process.pid }, processes: [] },
    ]);
  });

  it('names processes with their start while they live, and leaves no draft behind', () => {
    const file = create();
    file.runtimeChosen('process');
    file.processStarted({ pid: process.pid, instance: 'web-0', command: ['node'] });
    expect(readSessionFiles(dataDir)[0]).toMatchObject({
      runtime: 'process',
      processes: [{ pid: process.pid, startedAt: startOf(process.pid), instance: 'web-0' }],
    });
    file.processEnded(process.pid);
    expect(readSessionFiles(dataDir)[0]?.processes).toEqual([]);
    expect(readdirSync(folder())).toEqual(['a.json']);
  });

  it('does not come back once it was removed', () => {
    const file = create();
    file.remove();
    file.processStarted({ pid: process.pid, instance: null, command: [] });
    expect(readdirSync(folder())).toEqual([]);
  });

  it('of a killed session is forgotten with its draft', () => {
    create();
    writeFileSync(join(folder(), 'a.json.new'), '{');
    removeSessionFile(dataDir, 'a');
    expect(readdirSync(folder())).toEqual([]);
  });

  it('is found nowhere where there never was a session', () => {
    expect(readSessionFiles(join(dataDir, 'nothing'))).toEqual([]);
  });

  it('has a name that fits a file and sorts by time', () => {
    expect(newSessionId()).toMatch(/^\d{8}t\d{6}-[0-9a-f]{6}$/);
  });
});
