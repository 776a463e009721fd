/** `docker build` by the command line, which knows the builders, secrets and ignore files that the bare API doesn't. */
import { spawn } from 'node:child_process';
import type { BuildOptions } from '../../../model/container.ts';
import { variableValues } from '../../variable-values.ts';
import { dockerEnvironment, type EngineEndpoint } from './endpoint.ts';
import { eachLine } from './lines.ts';
import { isNamedOnly, PROXY } from './named-argument.ts';

const KEPT_LINES = 20;

export interface BuildRequest {
  /** Whose image it will be. */
  endpoint: EngineEndpoint;
  context: string;
  dockerfile?: string;
  tag: string;
  labels: Readonly<Record<string, string>>;
  options?: BuildOptions;
  onLine?: (line: string) => void;
  signal?: AbortSignal;
}

export type BuildOutcome = { ok: true } | { ok: false; lastLines: string[] };

/** Builds and tags an image. A failed build is an outcome; an aborted one rejects. */
export async function dockerBuild(given: BuildRequest): Promise<BuildOutcome> {
  const { request, variables } = await withOwnNames(given);
  const { onLine, signal, options } = request;
  const lastLines: string[] = [];
  const note = (line: string) => {
    if (line.trim() === '') return;
    if (lastLines.push(line) > KEPT_LINES) lastLines.shift();
    onLine?.(line);
  };
  const child = spawn('docker', buildArguments(request), {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: buildEnvironment({ ...process.env, ...variables }, request),
    ...(signal ? { signal } : {}),
  });
  // A builder that fails at once closes it before it has read.
  child.stdin.on('error', () => undefined).end(options?.inline ?? '');
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      note(error.message);
      resolve(null);
    });
    child.once('close', resolve);
  });
  const [code] = await Promise.all([ended, eachLine(child.stdout, note), eachLine(child.stderr, note)]);
  signal?.throwIfAborted();
  return code === 0 ? { ok: true } : { ok: false, lastLines };
}

/**
 * docker reads a secret's variable from its own environment. One that only an env file of the project sets isn't set
 * by its own name, which may be one that a program of this machine obeys.
 */
async function withOwnNames(
  request: BuildRequest,
): Promise<{ request: BuildRequest; variables: Record<string, string> }> {
  const { options } = request;
  if (!options) return { request, variables: {} };
  const sources = options.secrets.flatMap(({ from }) => ('variable' in from ? [from] : []));
  const values = await variableValues(sources.filter(({ variable }) => process.env[variable] === undefined));
  const variables: Record<string, string> = {};
  const secrets = options.secrets.map((secret, index) => {
    const value = 'variable' in secret.from ? values.get(secret.from) : undefined;
    if (value === undefined) return secret;
    const variable = `GREENROOM_BUILD_SECRET_${index}`;
    variables[variable] = value;
    return { ...secret, from: { variable } };
  });
  return { request: { ...request, options: { ...options, secrets } }, variables };
}

/**
 * The environment of `docker build`: `ours`, its engine's, and the values of the build arguments that its words only
 * name. A proxy among those is the build's, and none on the way to the engine.
 */
export function buildEnvironment(
  ours: NodeJS.ProcessEnv,
  { options, endpoint }: Pick<BuildRequest, 'options' | 'endpoint'>,
): NodeJS.ProcessEnv {
  if (!options) return { ...ours, ...dockerEnvironment(endpoint) };
  const values = Object.entries(options.arguments).filter((argument) => isByName(argument, options));
  return {
    ...ours,
    ...Object.fromEntries(values),
    ...(values.some(([name]) => PROXY.test(name)) ? directTo(endpoint, ours) : {}),
    ...(needsBuildKit(options) ? { DOCKER_BUILDKIT: '1' } : {}),
    ...dockerEnvironment(endpoint),
  };
}

/** Go reads `NO_PROXY` first. */
function directTo({ url }: EngineEndpoint, ours: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (!url.startsWith('tcp://')) return {};
  const others = ours['NO_PROXY'] || ours['no_proxy'];
  const { hostname } = new URL(url);
  return { NO_PROXY: others ? `${others},${hostname}` : hostname };
}

/** Secrets, agents and exported caches are BuildKit's; an older command line asks for it only when it is told to. */
function needsBuildKit({ secrets, ssh, cacheTo }: BuildOptions): boolean {
  return secrets.length > 0 || ssh.length > 0 || cacheTo.length > 0;
}

/** The words after `docker`. */
export function buildArguments({
  context,
  dockerfile,
  tag,
  labels,
  options,
}: Omit<BuildRequest, 'endpoint'>): string[] {
  const args = ['build', '--tag', tag];
  const pairs = (flag: string, values: Readonly<Record<string, string>>): unknown =>
    Object.entries(values).forEach(([name, value]) => args.push(flag, `${name}=${value}`));
  const each = (flag: string, values: readonly string[]): unknown =>
    values.forEach((value) => args.push(flag, value));
  if (dockerfile !== undefined) args.push('--file', dockerfile);
  pairs('--label', labels);
  if (options) {
    if (options.inline !== undefined) args.push('--file', '-');
    each(
      '--build-arg',
      Object.entries(options.arguments).map(([name, value]) =>
        isByName([name, value], options) ? name : `${name}=${value}`,
      ),
    );
    pairs('--label', options.labels);
    each('--target', options.target === undefined ? [] : [options.target]);
    each('--network', options.network === undefined ? [] : [options.network]);
    each('--platform', options.platform === undefined ? [] : [options.platform]);
    each('--secret', options.secrets.map(secretArgument));
    each('--ssh', options.ssh);
    each('--cache-from', options.cacheFrom);
    each('--cache-to', options.cacheTo);
    each('--add-host', options.extraHosts);
    each('--tag', options.tags);
    each(
      '--ulimit',
      options.ulimits.map(({ name, soft, hard }) => `${name}=${soft}:${hard}`),
    );
    if (options.sharedMemory !== undefined) args.push('--shm-size', String(options.sharedMemory));
    if (options.cache === 'unused') args.push('--no-cache');
    if (options.baseImages === 'pulled') args.push('--pull');
  }
  return [...args, context];
}

/** Not one that a secret is read from: the builder would have the argument in the secret's place. */
function isByName([name, value]: readonly [string, string], { secrets }: BuildOptions): boolean {
  const ofSecrets = secrets.some(({ from }) => 'variable' in from && from.variable === name);
  return !ofSecrets && isNamedOnly(name, value);
}

function secretArgument({ id, from }: BuildOptions['secrets'][number]): string {
  return 'file' in from ? `id=${id},src=${from.file}` : `id=${id},env=${from.variable}`;
}
