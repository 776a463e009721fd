/** The user's data folder: keys, recordings, session files. One place, per the operating system's own habit. */
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError } from '../model/environment-error.ts';

/** `GREENROOM_DATA_DIR`, or the folder where this system keeps an application's data. */
export function defaultDataDir(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  if (env['GREENROOM_DATA_DIR']) return env['GREENROOM_DATA_DIR'];
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Greenroom');
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'Greenroom');
  return join(env['XDG_DATA_HOME'] ?? join(home, '.local', 'share'), 'greenroom');
}

/** Makes a folder that only this user may enter; an existing one that others may enter is closed to them. */
export function ensurePrivateFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if ((statSync(path).mode & 0o077) !== 0 && process.platform !== 'win32') chmodSync(path, 0o700);
  } catch (cause) {
    throw new EnvironmentError('data-folder', `the data folder ${path} can't be used`, {
      hint: 'set GREENROOM_DATA_DIR to a folder that you may write to',
      cause,
    });
  }
  return path;
}
