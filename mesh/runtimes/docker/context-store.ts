/**
 * Docker's contexts, read as its command line stores them: `contexts/meta/<digest of the name>/meta.json`, with TLS
 * files below `contexts/tls/<digest>/docker`. Never written.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError } from '../../../model/environment-error.ts';
import { messageOf } from '../../../model/message-of.ts';
import type { EngineTls } from './endpoint.ts';

export interface StoredContext {
  url: string;
  tls: EngineTls | null;
}

/** The name that `docker context use` wrote; null = none, or no configuration. */
export function currentContext(folder: string): string | null {
  return text(readJson(join(folder, 'config.json')), 'currentContext');
}

/**
 * An engine by the name of its context.
 * @throws EnvironmentError `no-engine` where there is no such context: the engine meant is another than the usual one
 */
export function readContext(folder: string, name: string): StoredContext {
  const digest = createHash('sha256').update(name).digest('hex');
  const docker = member(
    member(readJson(join(folder, 'contexts', 'meta', digest, 'meta.json')), 'Endpoints'),
    'docker',
  );
  const url = text(docker, 'Host');
  if (url === null) {
    throw new EnvironmentError('no-engine', `The Docker context ${name} isn't in ${folder}`, {
      hint: '`docker context ls` lists those that are; DOCKER_CONTEXT, --context or `docker context use` choose one',
    });
  }
  const skips = member(docker, 'SkipTLSVerify') === true;
  return { url, tls: storedTls(join(folder, 'contexts', 'tls', digest, 'docker'), skips) };
}

/** Names of all contexts there, sorted; those that can't be read are left out. */
export function contextNames(folder: string): string[] {
  const meta = join(folder, 'contexts', 'meta');
  if (!existsSync(meta)) return [];
  return readdirSync(meta)
    .flatMap((digest) => {
      try {
        return text(readJson(join(meta, digest, 'meta.json')), 'Name') ?? [];
      } catch {
        return [];
      }
    })
    .toSorted();
}

function storedTls(folder: string, skips: boolean): EngineTls | null {
  const files = Object.fromEntries(
    ['ca', 'cert', 'key'].flatMap((name) => {
      const path = join(folder, `${name}.pem`);
      return existsSync(path) ? [[name, path]] : [];
    }),
  );
  if (Object.keys(files).length === 0 && !skips) return null;
  return { ...files, server: skips ? 'unverified' : 'verified' };
}

/** Null where the file isn't there. */
function readJson(path: string): unknown {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return null;
    throw unreadable(path, error);
  }
  try {
    return JSON.parse(content);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): EnvironmentError {
  const why = messageOf(cause);
  return new EnvironmentError('no-engine', `Which Docker engine is meant can't be read: ${path}: ${why}`, {
    hint: 'mend the file; or set DOCKER_HOST, for which it isn’t read',
    cause,
  });
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function text(value: unknown, key: string): string | null {
  const found = member(value, key);
  return typeof found === 'string' && found !== '' ? found : null;
}
