/** Which running session a command means, and the line to it. */
import { sep } from 'node:path';
import { Option } from 'commander';
import type { HostApi } from '../bridge/contract.ts';
import { connectControl, type ControlLine } from '../host/control-socket.ts';
import { closest } from '../model/closest.ts';
import { EnvironmentError } from '../model/environment-error.ts';
import type { SessionState } from '../model/session-state.ts';
import { defaultDataDir } from '../mesh/data-dir.ts';
import { controlPath, readSessionFiles, type SessionRecord } from '../mesh/session-file.ts';

type Running = Pick<SessionRecord, 'id' | 'mesh' | 'root'>;

/** `--session <id>`. */
export function sessionOption(): Option {
  return new Option('--session <id>', 'which session, where several run (greenroom status lists them)');
}

/**
 * The one that is named, by its id or the end of it; else the only one, or the only one of the project around `cwd`.
 * @throws EnvironmentError `no-session` where nothing runs, `which-session` where the words don't single one out
 */
export function chooseSession<T extends Running>(
  running: readonly T[],
  asked: string | null,
  cwd: string,
): T {
  const named =
    asked === null ? running : running.filter(({ id }) => id === asked || id.endsWith(`-${asked}`));
  const inside = named.filter(({ root }) => cwd === root || cwd.startsWith(root + sep));
  const [only, ...more] = inside.length === 1 ? inside : named;
  if (only !== undefined && more.length === 0) return only;
  const lines = running.map(({ id, mesh, root }) => `${id}  ${mesh}  ${root}`);
  if (running.length === 0)
    throw new EnvironmentError('no-session', 'nothing runs', { hint: 'greenroom up starts one' });
  if (only === undefined)
    throw new EnvironmentError('which-session', `no session ${asked} runs`, {
      hint: 'name one of these, or none where only one runs',
      lines,
    });
  throw new EnvironmentError('which-session', `${more.length + 1} sessions run`, {
    hint: 'name one with --session, or go to its project',
    lines,
  });
}

/** Asks a running session something; the line is closed afterwards. */
export async function withSessionLine<T>(
  asked: string | undefined,
  body: (line: ControlLine) => Promise<T>,
): Promise<T> {
  const dataDir = defaultDataDir();
  const running = readSessionFiles(dataDir).filter(({ alive }) => alive);
  const { id } = chooseSession(running, asked ?? null, process.cwd());
  const line = await connectControl(controlPath(dataDir, id));
  try {
    return await body(line);
  } finally {
    line.close();
  }
}

/**
 * The instances that these names mean: of a service all, or one by its own name.
 * @throws EnvironmentError `no-service`
 */
export function chooseInstances(
  { workloads }: Pick<SessionState, 'workloads'>,
  names: readonly string[],
): string[] {
  const chosen = names.flatMap((name) => {
    const found = workloads.flatMap((workload) =>
      workload.instances.filter(({ id }) => [id, workload.id, workload.name].includes(name)),
    );
    if (found.length > 0) return found.map(({ id }) => id);
    const known = workloads.flatMap((one) => [one.id, ...one.instances.map(({ id }) => id)]);
    const near = closest(name, known);
    throw new EnvironmentError('no-service', `no service or instance is called ${name}`, {
      hint: near === null ? `there are: ${known.join(', ')}` : `did you mean ${near}?`,
    });
  });
  return [...new Set(chosen)];
}

/**
 * That this is a service whose instances we can start and end.
 * @throws EnvironmentError `no-service`; `not-a-service` for an instance or a gateway
 */
export function mustBeService({ workloads }: Pick<SessionState, 'workloads'>, name: string): void {
  const services = workloads.filter(({ kind }) => kind !== 'gateway').map(({ id }) => id);
  if (services.includes(name)) return;
  if (workloads.some(({ id }) => id === name))
    throw new EnvironmentError('not-a-service', `${name} is a gateway: there is one of it`, {
      hint: 'a gateway is a listener of the session; services can be scaled',
    });
  const owner = workloads.find(({ instances }) => instances.some(({ id }) => id === name));
  if (owner)
    throw new EnvironmentError('not-a-service', `${name} is an instance`, {
      hint: `its service is ${owner.id}`,
    });
  const near = closest(name, services);
  throw new EnvironmentError('no-service', `there is no service ${name}`, {
    hint: near === null ? `there are: ${services.join(', ')}` : `did you mean ${near}?`,
  });
}

/** The chosen instances of a running session. */
export async function askInstances(api: HostApi, names: readonly string[]): Promise<string[]> {
  return chooseInstances(await api.state(), names);
}
