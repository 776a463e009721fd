import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultDataDir, ensurePrivateFolder } from '../../mesh/data-dir.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenroom-data-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the data folder', () => {
  it('is told, with a way out, when it cannot be made', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => ensurePrivateFolder(join(folder, 'file', 'data'))).toThrow(
      expect.objectContaining({ code: 'data-folder', hint: expect.stringContaining('GREENROOM_DATA_DIR') }),
    );
  });

  it.each([
    ['is a file', 'file', /^the data folder .* can't be used: ENOTDIR/],
    ['lies under a file', 'file/a/b', /^the data folder .* can't be used: ENOTDIR/],
  ])('that %s is refused with the reason', (_what, path, message) => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => ensurePrivateFolder(join(folder, path))).toThrow(message);
  });

  it.runIf(process.platform === 'linux')(
    'where the system makes no folders is refused, rather than tried for ever',
    () => {
      expect(() => ensurePrivateFolder('/proc/x/y')).toThrow(/can't be used: ENOENT/);
    },
  );

  it('is never a folder that everybody may write into, and that one stays as it is', () => {
    const shared = join(folder, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o1777);
    expect(() => ensurePrivateFolder(shared)).toThrow(/can be written by everybody/);
    expect(statSync(shared).mode & 0o7777).toBe(0o1777);
  });

  it.runIf(process.getuid?.() === 0)("is never another user's", () => {
    const theirs = join(folder, 'theirs');
    mkdirSync(theirs, { mode: 0o700 });
    chownSync(theirs, 12_345, 12_345);
    expect(() => ensurePrivateFolder(theirs)).toThrow(/belongs to another user/);
  });

  it('is closed to others, also when it was open', () => {
    mkdirSync(join(folder, 'open'), { mode: 0o755 });
    expect(statSync(ensurePrivateFolder(join(folder, 'open'))).mode & 0o777).toBe(0o700);
    expect(statSync(ensurePrivateFolder(join(folder, 'new', 'deep'))).mode & 0o777).toBe(0o700);
  });

  it.each([
    [{ GREENROOM_DATA_DIR: '/x' }, 'linux', '/x'],
    [{}, 'linux', '/home/a/.local/share/greenroom'],
    [{ XDG_DATA_HOME: '/data' }, 'linux', '/data/greenroom'],
    [{}, 'darwin', '/home/a/Library/Application Support/Greenroom'],
  ] as const)('is, given %j on %s, %s', (env, platform, path) => {
    expect(defaultDataDir(env, platform, '/home/a')).toBe(path);
  });
});
