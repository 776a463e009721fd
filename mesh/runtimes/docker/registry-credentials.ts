/**
 * What the user logged in to a registry with (`docker login`), for one pull. Read when it is needed, handed to the
 * engine and kept nowhere; never part of a message.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dockerConfiguration } from './endpoint.ts';

/** As the engine takes it. */
export interface RegistryAuth {
  serveraddress: string;
  username?: string;
  password?: string;
  identitytoken?: string;
}

export interface FoundCredentials {
  /** Null: ask without. */
  auth: RegistryAuth | null;
  /** Why what the user set up gave none; for the message when the registry refuses. */
  trouble: string | null;
}

/** Docker Hub's own name in docker's files. */
const HUB = 'https://index.docker.io/v1/';
const NONE: FoundCredentials = { auth: null, trouble: null };

/** `redis:7` → `docker.io`; `127.0.0.1:5000/a/b:1` → `127.0.0.1:5000`. The engine's rule for names. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const isHost =
    rest.length > 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  return isHost && first !== 'index.docker.io' ? first : 'docker.io';
}

/** Of the credential helper that docker's config names for the registry, else of the config itself. */
export async function registryCredentials(
  reference: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<FoundCredentials> {
  const registry = registryOf(reference);
  const config = readConfig(join(dockerConfiguration(environment), 'config.json'));
  const server = registry === 'docker.io' ? HUB : registry;
  const helper = text(record(config['credHelpers'])[server]) ?? text(config['credsStore']);
  if (helper !== null) return await askHelper(helper, server, environment);
  const entry = Object.entries(record(config['auths'])).find(([key]) => hostOf(key) === hostOf(server));
  return entry === undefined ? NONE : { auth: fromEntry(server, record(entry[1])), trouble: null };
}

function fromEntry(serveraddress: string, entry: Readonly<Record<string, unknown>>): RegistryAuth | null {
  const identitytoken = text(entry['identitytoken']);
  const plain = Buffer.from(text(entry['auth']) ?? '', 'base64')
    .toString('utf8')
    .replaceAll('\0', '');
  const colon = plain.indexOf(':');
  if (identitytoken !== null) return { serveraddress, identitytoken };
  return colon < 0
    ? null
    : { serveraddress, username: plain.slice(0, colon), password: plain.slice(colon + 1) };
}

/** docker's protocol with its helpers: the server's name in, one JSON object out. */
function askHelper(
  name: string,
  serveraddress: string,
  environment: NodeJS.ProcessEnv,
): Promise<FoundCredentials> {
  // It becomes a program's name: no way to another folder.
  if (!/^[\w.-]+$/.test(name))
    return Promise.resolve({ auth: null, trouble: 'the name of its credential helper is none' });
  const program = `docker-credential-${name}`;
  return new Promise((resolve) => {
    const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], env: environment });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
    child.stdin.on('error', () => undefined).end(serveraddress);
    child.once('error', () => resolve({ auth: null, trouble: `${program} can't be run` }));
    child.once('close', (code) => {
      // It ends with 1 also where it simply knows none; what it printed then may be anything.
      const answer = code === 0 ? parsed(out) : {};
      const [username, secret] = [text(answer['Username']), text(answer['Secret'])];
      if (username === null || secret === null)
        resolve({ auth: null, trouble: `${program} has no credentials for ${hostOf(serveraddress)}` });
      else if (username === '<token>')
        resolve({ auth: { serveraddress, identitytoken: secret }, trouble: null });
      else resolve({ auth: { serveraddress, username, password: secret }, trouble: null });
    });
  });
}

/** Keys may be written as URLs. */
function hostOf(key: string): string {
  const host = key.replace(/^https?:\/\//, '').split('/')[0] ?? '';
  return host === 'index.docker.io' ? 'docker.io' : host;
}

function readConfig(path: string): Readonly<Record<string, unknown>> {
  try {
    return parsed(readFileSync(path, 'utf8'));
  } catch {
    return {};
  }
}

function parsed(json: string): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(json));
  } catch {
    return {};
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
