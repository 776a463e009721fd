/** The user's data folder: keys, recordings, session files. One place, per the operating system's own habit. */
import { accessSync, chmodSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError } from '../model/environment-error.ts';
import { messageOf } from '../model/message-of.ts';
import { makeFolder } from './make-folder.ts';

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

/**
 * Makes a folder that only this user may enter; an existing one that others may read is closed to them. One that
 * is somebody else's, or that everybody may write into (as /tmp), is refused: what lies there already may be theirs.
 */
export function ensurePrivateFolder(path: string): string {
  try {
    makeFolder(path, 0o700);
    if (process.platform !== 'win32') closeToOthers(path);
    // Told here rather than by the first file that isn't written: a read-only mount refuses even root.
    accessSync(path, constants.W_OK);
  } catch (cause) {
    if (cause instanceof EnvironmentError) throw cause;
    const why = messageOf(cause);
    throw new EnvironmentError('data-folder', `the data folder ${path} can't be used: ${why}`, {
      hint: 'set GREENROOM_DATA_DIR to a folder that you may write to',
      cause,
    });
  }
  return path;
}

function closeToOthers(path: string): void {
  const { mode, uid } = statSync(path);
  const why =
    uid !== process.getuid?.()
      ? 'belongs to another user'
      : (mode & 0o002) !== 0
        ? 'can be written by everybody'
        : null;
  if (why !== null) {
    throw new EnvironmentError('data-folder', `the data folder ${path} ${why}`, {
      hint: 'set GREENROOM_DATA_DIR to a folder of your own',
    });
  }
  if ((mode & 0o077) !== 0) chmodSync(path, 0o700);
}
