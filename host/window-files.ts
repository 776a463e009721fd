/** The window's built files: found, read, and served with the headers that a page showing hostile traffic needs. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EnvironmentError } from '../model/environment-error.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
};

/** Everything from this origin and nothing from any other; React sets styles through the CSSOM, which this allows. */
export const WINDOW_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/**
 * Folder of the built window: beside the built modules, or under dist/ in the repository.
 * @throws EnvironmentError `window-not-built`
 */
export function windowFolder(): string {
  const built = import.meta.url.endsWith('.ts') ? '../dist/renderer/' : '../renderer/';
  const folder = fileURLToPath(new URL(built, import.meta.url));
  if (!existsSync(resolve(folder, 'index.html'))) {
    throw new EnvironmentError('window-not-built', `the window's files are not in ${folder}`, {
      hint: `npm run build in ${fileURLToPath(new URL('..', import.meta.url))} makes them (its npm run serve does too)`,
    });
  }
  return folder;
}

/** The file behind a URL path, or null: never one outside the folder. */
export async function windowFile(
  folder: string,
  urlPath: string,
): Promise<{ type: string; body: Buffer } | null> {
  let name: string;
  try {
    name = decodeURIComponent(urlPath);
  } catch {
    return null;
  }
  const path = resolve(folder, name === '/' ? 'index.html' : `.${name}`);
  const type = TYPES[extname(path)];
  if (type === undefined || !path.startsWith(resolve(folder) + sep)) return null;
  const body = await readFile(path).catch(() => null);
  return body === null ? null : { type, body };
}
