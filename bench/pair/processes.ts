/**
 * Programs that a bench starts: each on its own core, with what Linux counts of it. Sidecars run on one core, load and
 * application on another, so that neither takes the other's time; on a machine with one core nothing is pinned.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { EnvironmentError } from '../../model/environment-error.ts';
import { accepts } from '../../test/support/local-server.ts';

export type Place = 'sidecars' | 'load';

const CORES: Readonly<Record<Place, string>> = { sidecars: '0', load: '1' };
/** Of `/proc/PID/stat`: USER_HZ is 100 on every Linux that Node runs on. */
const TICK_MICROS = 10_000;
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 5_000;

/** The command line that runs `argv` in its place. */
export function pinned(place: Place, argv: readonly string[]): { command: string; args: string[] } {
  const pin = availableParallelism() > 1 && find('taskset') !== null;
  const [command = '', ...args] = pin ? ['taskset', '-c', CORES[place], ...argv] : argv;
  return { command, args };
}

/** Absolute path of a program, or null. */
export function find(program: string): string | null {
  try {
    return execFileSync('sh', ['-c', `command -v "$1"`, 'sh', program], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
    }).trim();
  } catch {
    return null;
  }
}

export interface Program {
  child: ChildProcess;
  pid: number;
  stop(): Promise<void>;
}

/** Starts a program in the foreground; what it complains about is told when it ends too early. */
export function start(place: Place, argv: readonly string[], ipc: 'ipc' | 'ignore' = 'ignore'): Program {
  const { command, args } = pinned(place, argv);
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe', ipc] });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2_000);
  });
  const exited = once(child, 'exit');
  child.once('exit', (code) => {
    if (code !== 0 && code !== null) process.stderr.write(`${argv[0]} ended with ${code}: ${complaint}\n`);
  });
  return {
    child,
    pid: child.pid ?? -1,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Resolves when somebody listens there. */
export async function listening(port: number, program: Program): Promise<void> {
  const end = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < end) {
    if (program.child.exitCode !== null) break;
    if (await accepts(port)) return;
    await pause(50);
  }
  throw new EnvironmentError('not-started', `nothing listens on 127.0.0.1:${port}`);
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => net.createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Processor time of a process so far, all its threads, in microseconds. */
export function cpuMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name stands in brackets and may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS;
}

/** Resident memory of a process now. */
export function residentKb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN);
}
