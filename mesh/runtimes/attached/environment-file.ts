/**
 * What an attached program must know of its sidecar, as a file that IDEs read. At the same place
 * in every session, so that it is named once in a run configuration; 0600, since `environment` may hold passwords.
 */
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mesh } from '../../../model/mesh.ts';
import { ensurePrivateFolder } from '../../data-dir.ts';

export interface EnvironmentFile {
  readonly path: string;
  write(variables: Readonly<Record<string, string>>): void;
  /** Unless another session of the project has written it since. */
  remove(): void;
}

/** Of all of them in a data folder; below it is one for each project. */
export function environmentFolder(dataDir: string): string {
  return join(dataDir, 'attached');
}

const FIRST_LINE = /^# (\S+) in Greenroom's session (\S+); written anew by the next one\n/;

function firstLine(instance: string, session: string): string {
  return `# ${instance} in Greenroom's session ${session}; written anew by the next one\n`;
}

/** Whose a file is that begins so; null = no file of ours. */
export function writerOf(text: string): { instance: string; session: string } | null {
  const [, instance, session] = FIRST_LINE.exec(text) ?? [];
  return instance === undefined || session === undefined ? null : { instance, session };
}

/** `attached/<mesh>-<8 hex digits of its folder>/<instance>.env` in the data folder. */
export function environmentPath(
  dataDir: string,
  { name, root }: Pick<Mesh, 'name' | 'root'>,
  instance: string,
): string {
  const folder = `${name}-${createHash('sha256').update(root).digest('hex').slice(0, 8)}`;
  return join(environmentFolder(dataDir), folder, `${instance.replaceAll('/', '.')}.env`);
}

export function environmentFile(
  dataDir: string,
  mesh: Pick<Mesh, 'name' | 'root'>,
  instance: string,
  session: string,
): EnvironmentFile {
  const path = environmentPath(dataDir, mesh, instance);
  const first = firstLine(instance, session);
  return {
    path,
    write(variables) {
      ensurePrivateFolder(environmentFolder(dataDir));
      ensurePrivateFolder(join(path, '..'));
      const draft = `${path}.new`;
      rmSync(draft, { force: true });
      writeFileSync(draft, first + environmentText(variables), { mode: 0o600, flag: 'wx' });
      renameSync(draft, path);
    },
    remove() {
      if (textOf(path).startsWith(first)) rmSync(path, { force: true });
    },
  };
}

const PLAIN = /^[\w./:@,+%=[\]-]*$/;
const QUOTES = ["'", '"', '`'];

/** A line a variable, as Node's own reader of such files understands it; what no quotes can hold is named and left out. */
export function environmentText(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => {
      if (PLAIN.test(value)) return `${name}=${value}\n`;
      // In double quotes \n would become a line's end.
      const quote = QUOTES.find((one) => !value.includes(one) && !(one === '"' && value.includes('\\')));
      return quote === undefined
        ? `# ${name}: its value can't be written in such a file\n`
        : `${name}=${quote}${value}${quote}\n`;
    })
    .join('');
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
