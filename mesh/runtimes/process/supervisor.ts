/**
 * The supervisor: one small process a session that starts every service, each in a process group of its own, and
 * ends them all when its stdin ends. The session holds the other end of that pipe and nobody else does, so the
 * kernel closes it however the session dies. Services are started here and nowhere else: a service whose start
 * was asked just before the end is either in the table that is killed, or was never started.
 * It leads a session of its own (`detached`), so a Ctrl-C in the terminal doesn't reach it or the services.
 * It imports as little as possible: it is started once a session and has to be ready at once.
 * Windows has no process groups; there `taskkill /T` ends the tree, as well as it can.
 */
import {
  type ChildProcess,
  type ChildProcessByStdio,
  spawn,
  type SpawnOptionsWithStdioTuple,
  spawnSync,
  type StdioNull,
  type StdioPipe,
} from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { messageOf } from '../../../model/message-of.ts';
import {
  type GroupSignal,
  lineSplitter,
  MAX_LOG_LINE,
  type SupervisorCommand,
  type SupervisorReport,
} from './supervisor-protocol.ts';

/** From the end of stdin until whatever still lives is killed. All of the end has to fit into one second. */
const LAST_GRACE_MS = 300;
const REAP_MS = 100;
/** Logs still in the pipe when a service has exited are waited for this long (a stray grandchild may hold it). */
const LOG_DRAIN_MS = 200;
const MARKER = `GREENROOM_SESSION=${process.env['GREENROOM_SESSION'] ?? ''}`;
const windows = process.platform === 'win32';

const services = new Map<string, ChildProcess>();
const logStreams = new Set<NodeJS.ReadableStream>();
let ending = false;

function report(value: SupervisorReport): void {
  if (ending) return;
  // A session that reads slowly slows the services' output, as any full pipe does; nothing piles up here.
  if (!process.stdout.write(`${JSON.stringify(value)}\n`)) for (const stream of logStreams) stream.pause();
}

function killGroup(pid: number, signal: GroupSignal): void {
  try {
    if (windows)
      spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true });
    else process.kill(-pid, signal);
  } catch {
    // The group is gone: what was wanted.
  }
}

type ServiceChild = ChildProcessByStdio<null, Readable, Readable>;
type SpawnArguments = [
  file: string,
  args: string[],
  options: SpawnOptionsWithStdioTuple<StdioNull, StdioPipe, StdioPipe>,
];

function followLog(key: string, stream: 'stdout' | 'stderr', readable: NodeJS.ReadableStream): void {
  const lines = lineSplitter(MAX_LOG_LINE, (text) =>
    report({ kind: 'log', key, stream, text, at: Date.now() }),
  );
  logStreams.add(readable);
  readable.setEncoding('utf8');
  readable.on('data', (chunk: string) => lines.push(chunk));
  readable.on('error', () => undefined);
  readable.on('close', () => {
    logStreams.delete(readable);
    lines.end();
  });
}

/** Null, and told, where Node itself refuses (a NUL in a variable): the other services are not to end by that. */
function spawned(key: string, ...how: SpawnArguments): ServiceChild | null {
  try {
    return spawn(...how);
  } catch (error) {
    const message = messageOf(error);
    report({ kind: 'spawn-failed', key, code: 'EINVAL', message });
    return null;
  }
}

function start(command: Extract<SupervisorCommand, { kind: 'start' }>): void {
  const { key } = command;
  const [file, ...args] = command.command;
  if (file === undefined) {
    report({ kind: 'spawn-failed', key, code: 'EINVAL', message: 'the command is empty' });
    return;
  }
  const child = spawned(key, file, args, {
    cwd: command.cwd,
    env: { ...command.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: !windows,
    windowsHide: true,
  });
  if (child === null) return;
  child.on('error', (error: NodeJS.ErrnoException) => {
    if (child.pid !== undefined) return;
    report({ kind: 'spawn-failed', key, code: error.code ?? 'UNKNOWN', message: error.message });
  });
  if (child.pid === undefined) return;
  const pid = child.pid;
  services.set(key, child);
  report({ kind: 'spawned', key, pid });
  followLog(key, 'stdout', child.stdout);
  followLog(key, 'stderr', child.stderr);
  child.once('exit', (code, signal) => {
    services.delete(key);
    // As in a container: when its first process is gone, so is the rest of it.
    if (!windows) killGroup(pid, 'SIGKILL');
    const tell = (): void => {
      clearTimeout(patience);
      child.removeListener('close', tell);
      report({ kind: 'exited', key, code, signal });
    };
    const patience = setTimeout(tell, LOG_DRAIN_MS);
    child.once('close', tell);
  });
}

/** Start and parent of every process, by id; a process is the same only while its start is. */
function processTable(): Map<number, { parent: number; startedAt: string }> {
  const table = new Map<number, { parent: number; startedAt: string }>();
  if (process.platform !== 'linux') return table;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'latin1');
      // The name stands in parentheses and may hold anything: what follows the last one are plain fields.
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      table.set(Number(name), { parent: Number(fields[1]), startedAt: fields[19] ?? '' });
    } catch {
      // Gone meanwhile.
    }
  }
  return table;
}

/** Everything that these processes started and that still hangs on them, with its start, also without our mark. */
function familyOf(pids: readonly number[]): Map<number, string> {
  const table = processTable();
  const family = new Map<number, string>();
  let parents = new Set(pids);
  while (parents.size > 0) {
    const children = [...table].filter(([pid, { parent }]) => parents.has(parent) && !family.has(pid));
    for (const [pid, { startedAt }] of children) family.set(pid, startedAt);
    parents = new Set(children.map(([pid]) => pid));
  }
  return family;
}

function killFamily(family: ReadonlyMap<number, string>): void {
  if (family.size === 0) return;
  const table = processTable();
  for (const [pid, startedAt] of family) {
    if (table.get(pid)?.startedAt !== startedAt) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone meanwhile.
    }
  }
}

function stop(key: string, graceMs: number): void {
  const child = services.get(key);
  if (child?.pid === undefined) return;
  const pid = child.pid;
  // Looked at while it lives: afterwards its children hang on nobody.
  const family = familyOf([pid]);
  killGroup(pid, 'SIGTERM');
  wake(pid);
  const timer = setTimeout(() => killGroup(pid, 'SIGKILL'), graceMs);
  child.once('exit', () => {
    clearTimeout(timer);
    killFamily(family);
  });
}

/** One that is paused would never hear that it shall end. */
function wake(pid: number): void {
  if (!windows) killGroup(pid, 'SIGCONT');
}

/** Processes of this session that left their group (`setsid`): found by the mark in their environment. */
function killStrays(): void {
  if (process.platform !== 'linux') return;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      if (readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(MARKER))
        process.kill(pid, 'SIGKILL');
    } catch {
      // Gone meanwhile, or not ours to read.
    }
  }
}

function end(): void {
  if (ending) return;
  ending = true;
  const all = (signal: 'SIGTERM' | 'SIGKILL'): void => {
    for (const child of services.values()) if (child.pid !== undefined) killGroup(child.pid, signal);
  };
  const family = familyOf([...services.values()].flatMap(({ pid }) => pid ?? []));
  const leave = (): void => {
    killFamily(family);
    killStrays();
    process.exit(0);
  };
  all('SIGTERM');
  for (const child of services.values()) if (child.pid !== undefined) wake(child.pid);
  const deadline = Date.now() + LAST_GRACE_MS;
  const look = setInterval(() => {
    if (services.size === 0) leave();
    if (Date.now() < deadline) return;
    clearInterval(look);
    all('SIGKILL');
    setTimeout(leave, REAP_MS);
  }, 10);
}

function obey(line: string): void {
  if (ending) return;
  const command = JSON.parse(line) as SupervisorCommand;
  switch (command.kind) {
    case 'start':
      return start(command);
    case 'stop':
      return stop(command.key, command.graceMs);
    case 'signal': {
      const pid = services.get(command.key)?.pid;
      if (pid !== undefined) killGroup(pid, command.signal);
    }
  }
}

const commands = lineSplitter(Number.MAX_SAFE_INTEGER, obey);
process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk: string) => commands.push(chunk));
process.stdin.on('end', end);
process.stdin.on('close', end);
process.stdin.on('error', end);
process.stdout.on('error', end);
process.stdout.on('drain', () => {
  for (const stream of logStreams) stream.resume();
});
for (const signal of ['SIGTERM', 'SIGQUIT'] as const) process.on(signal, end);
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('uncaughtException', (error) => {
  try {
    process.stderr.write(`${error.stack ?? error.message}\n`);
  } catch {
    // Nobody reads it any more.
  }
  end();
});
