/**
 * Where the engine is, as the `docker` command line has it: `DOCKER_HOST`, then `DOCKER_CONTEXT`, then the current
 * context of its configuration, then the usual socket. Resolved here because dockerode knows only the environment.
 * Whether an engine answers is engine.ts' part.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { currentContext, readContext } from './context-store.ts';

/** Files of PEM; never their contents, so that an endpoint may be shown. */
export interface EngineTls {
  ca?: string;
  cert?: string;
  key?: string;
  /** Whether the engine's certificate is judged: not so with `DOCKER_TLS` alone, or a context that skips it. */
  server: 'verified' | 'unverified';
}

/** An engine's address and where we have it from, for messages. */
export interface EngineEndpoint {
  /** `unix:///var/run/docker.sock`, `tcp://host:2375`, `ssh://…`. */
  url: string;
  from: 'DOCKER_HOST' | 'context' | 'default' | 'rootless socket';
  /** Name of the context. */
  context?: string;
  tls?: EngineTls;
}

const UNIX_SOCKET = '/var/run/docker.sock';
const DEFAULT_URL = process.platform === 'win32' ? 'npipe:////./pipe/docker_engine' : `unix://${UNIX_SOCKET}`;

/**
 * The engine that the `docker` command line would talk to; and, where nothing was chosen and the usual socket isn't
 * there, that of a rootless engine.
 * @throws EnvironmentError `no-engine` where a context is named that isn't there or can't be read
 */
export function engineEndpoint(environment: NodeJS.ProcessEnv = process.env): EngineEndpoint {
  const folder = dockerConfiguration(environment);
  const host = environment['DOCKER_HOST'];
  const tls = environmentTls(environment, folder);
  if (host) return { url: completeUrl(host, tls), from: 'DOCKER_HOST', ...withTls(tls) };
  const name = environment['DOCKER_CONTEXT'] || currentContext(folder);
  if (name !== null && name !== 'default') {
    const { url, tls: own } = readContext(folder, name);
    return { url: completeUrl(url, own), from: 'context', context: name, ...withTls(own) };
  }
  if (tls !== null) return { url: completeUrl('tcp://', tls), from: 'default', tls };
  return rootlessEndpoint(environment) ?? { url: DEFAULT_URL, from: 'default' };
}

/** The folder of docker's own configuration. */
export function dockerConfiguration(environment: NodeJS.ProcessEnv = process.env): string {
  return environment['DOCKER_CONFIG'] || join(homedir(), '.docker');
}

/**
 * The environment in which `docker` and its plugins talk to this engine, whatever is chosen meanwhile: undefined
 * takes a variable away.
 */
export function dockerEnvironment({ url, context }: EngineEndpoint): Record<string, string | undefined> {
  return context === undefined
    ? { DOCKER_HOST: url, DOCKER_CONTEXT: undefined }
    : { DOCKER_HOST: undefined, DOCKER_CONTEXT: context };
}

/** `unix:///var/run/docker.sock (the context colima)`: an endpoint in words. */
export function endpointWords({ url, from, context }: EngineEndpoint): string {
  return `${url} (${context === undefined ? from : `the context ${context}`})`;
}

function rootlessEndpoint({ XDG_RUNTIME_DIR: folder }: NodeJS.ProcessEnv): EngineEndpoint | null {
  if (!folder || process.platform === 'win32' || existsSync(UNIX_SOCKET)) return null;
  const socket = join(folder, 'docker.sock');
  return existsSync(socket) ? { url: `unix://${socket}`, from: 'rootless socket' } : null;
}

/** As docker's own flags read it: any value of `DOCKER_TLS_VERIFY` verifies, of `DOCKER_TLS` only encrypts. */
function environmentTls(environment: NodeJS.ProcessEnv, configuration: string): EngineTls | null {
  const verified = Boolean(environment['DOCKER_TLS_VERIFY']);
  if (!verified && !environment['DOCKER_TLS']) return null;
  const folder = environment['DOCKER_CERT_PATH'] || configuration;
  const file = (name: string) => (existsSync(join(folder, name)) ? join(folder, name) : null);
  const [cert, key] = [file('cert.pem'), file('key.pem')];
  return {
    // Not there, it is an error when it is read: another root would take its place.
    ca: join(folder, 'ca.pem'),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
    server: verified ? 'verified' : 'unverified',
  };
}

function withTls(tls: EngineTls | null): { tls?: EngineTls } {
  return tls === null ? {} : { tls };
}

/** `host:1`, `tcp://host` and `unix://` are short for something. */
function completeUrl(text: string, tls: EngineTls | null): string {
  const url = text.includes('://') ? text : `tcp://${text}`;
  if (url === 'unix://') return `unix://${UNIX_SOCKET}`;
  const address = url.startsWith('tcp://') ? url.slice('tcp://'.length) : null;
  if (address === null) return url;
  const host = address === '' || address.startsWith(':') ? `localhost${address}` : address;
  return `tcp://${/:\d+(\/|$)/.test(host) ? host : `${host}:${tls === null ? 2375 : 2376}`}`;
}
