/** A real `greenroom serve` and a real Chromium on it, both gone afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
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
const PICTURES = process.env['GREENROOM_PICTURES'];

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

/** A served project and a page for it, as large as a window and in the dark; nothing fades, for pictures. */
export interface OpenWindow {
  page: Page;
  /** Shows the project. */
  show(): Promise<void>;
  /** Goes to a place in it. */
  goTo(hash: string): Promise<void>;
  /** Takes a picture in the dark and one in the light, where `GREENROOM_PICTURES` says into which folder. */
  picture(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens one, with nothing in it yet. */
export async function openWindow(project: string): Promise<OpenWindow> {
  const served = await serveProject(project);
  let browser: Browser | undefined;
  const close = async (): Promise<void> => {
    await browser?.close();
    await served.stop();
  };
  try {
    browser = await openBrowser();
    const page = await browser.newPage({
      viewport: { width: 1440, height: 900 },
      colorScheme: 'dark',
      reducedMotion: 'reduce',
    });
    return { page, close, ...acts(page, served.url) };
  } catch (error) {
    await close();
    throw error;
  }
}

function acts(page: Page, url: string): Pick<OpenWindow, 'show' | 'goTo' | 'picture'> {
  return {
    async show() {
      await page.goto(url);
    },
    async goTo(hash) {
      await page.evaluate((to) => {
        window.location.hash = to;
      }, hash);
    },
    async picture(name) {
      if (!PICTURES) return;
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: join(PICTURES, `${name}-${colorScheme}.png`) });
      }
    },
  };
}

/** The browser of this machine. */
export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: chromiumPath() ?? undefined,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
}
