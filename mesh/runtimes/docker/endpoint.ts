/**
 * Where the engine is: `DOCKER_HOST`, then the Docker context the user chose, then the usual socket. Contexts are
 * resolved here because dockerode knows only the environment. Refuses nothing; whether it answers is engine.ts' part.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** An engine's address and where we have it from, for messages. */
export interface EngineEndpoint {
  /** `unix:///var/run/docker.sock`, `tcp://host:2375`, `ssh://…`. */
  url: string;
  from: 'DOCKER_HOST' | 'context' | 'default';
}

const DEFAULT_URL =
  process.platform === 'win32' ? 'npipe:////./pipe/docker_engine' : 'unix:///var/run/docker.sock';

/** The engine that the `docker` command line would talk to. */
export function engineEndpoint(environment: NodeJS.ProcessEnv = process.env): EngineEndpoint {
  const host = environment['DOCKER_HOST'];
  if (host) return { url: host, from: 'DOCKER_HOST' };
  const url = contextUrl(environment);
  return url === null ? { url: DEFAULT_URL, from: 'default' } : { url, from: 'context' };
}

function contextUrl(environment: NodeJS.ProcessEnv): string | null {
  const folder = environment['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  const name = environment['DOCKER_CONTEXT'] ?? text(readJson(join(folder, 'config.json')), 'currentContext');
  if (!name || name === 'default') return null;
  const digest = createHash('sha256').update(name).digest('hex');
  const meta = readJson(join(folder, 'contexts', 'meta', digest, 'meta.json'));
  return text(member(member(meta, 'Endpoints'), 'docker'), 'Host');
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function text(value: unknown, key: string): string | null {
  const found = member(value, key);
  return typeof found === 'string' ? found : null;
}
