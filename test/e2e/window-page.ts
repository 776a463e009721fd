/** A real `greenroom serve` and a real Chromium on it, both gone afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { launcher, repository } from '../support/greenroom.ts';
import { chromiumPath } from '../support/requires.ts';

/** A served project. */
export interface Served {
  /** With its one-time token. */
  url: string;
  /** `http://127.0.0.1:PORT`. */
  origin: string;
  stop(): Promise<void>;
}

const PATIENCE_MS = 60_000;

function linkOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(
      () => reject(new Error(`no link within ${PATIENCE_MS} ms:\n${said}`)),
      PATIENCE_MS,
    );
    const hear = (data: Buffer): void => {
      said += data.toString();
      const link = /open (http:\/\/\S+)/.exec(said)?.[1];
      if (!link) return;
      clearTimeout(timer);
      resolve(link);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`greenroom serve ended with ${code}:\n${said}`));
    });
  });
}

/** Serves a project of the repository on a free port. */
export async function serveProject(project: string): Promise<Served> {
  const dataDir = await mkdtemp(join(tmpdir(), 'greenroom-e2e-'));
  const child = spawn(process.execPath, [launcher, 'serve', project, '--port', '0'], {
    cwd: repository,
    env: { ...process.env, GREENROOM_DATA_DIR: dataDir, NO_COLOR: '1', FORCE_COLOR: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await gone;
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const url = await linkOf(child);
    return { url, origin: new URL(url).origin, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The browser of this machine. */
export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: chromiumPath() ?? undefined,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
}
