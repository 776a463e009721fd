/**
 * What the operating system knows of processes: who lives, since when, in which group, who holds a port. Linux
 * answers everything from /proc; elsewhere only what `ps` tells, and "don't know" is an answer.
 * A process is named by its id *and* its start, so that an id used again is never mistaken for the old process.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const linux = process.platform === 'linux';

export interface ProcessRef {
  pid: number;
  /** Opaque; null where the system doesn't tell it. */
  startedAt: string | null;
}

/** The start of a living process (not a zombie); null when there is none, or when the system doesn't tell it. */
export function startOf(pid: number): string | null {
  if (linux) {
    const stat = readStat(pid);
    return stat === null || stat.state === 'Z' ? null : stat.startedAt;
  }
  if (process.platform === 'win32') return null;
  try {
    const found = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return found.trim() || null;
  } catch {
    return null;
  }
}

/** Whether this very process still lives. Without a known start, a living id counts as alive: the safe mistake. */
export function isAlive(ref: ProcessRef): boolean {
  if (ref.startedAt !== null) return startOf(ref.pid) === ref.startedAt;
  try {
    process.kill(ref.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Living processes that have `name=value` in their environment. Linux only, and only those that we may read. */
export function processesWith(name: string, value: string): number[] {
  const wanted = `${name}=${value}`;
  return allPids().filter((pid) => readProc(pid, 'environ').split('\0').includes(wanted));
}

/** Living members of a process group. */
export function groupMembers(group: number): number[] {
  return allPids().filter((pid) => {
    const stat = readStat(pid);
    return stat !== null && stat.group === group && stat.state !== 'Z';
  });
}

export interface GroupUsage {
  /** User and system, µs. */
  cpuMicros: number;
  /** Resident; what members share counts for each. */
  memoryBytes: number;
}

/**
 * Processor time and memory of process groups, of all in one look. Linux only; a group without living members isn't in
 * it. Time of members that ended is kept by those who waited for them.
 */
export function usageOfGroups(groups: ReadonlySet<number>): Map<number, GroupUsage> {
  const used = new Map<number, GroupUsage>();
  for (const pid of allPids()) {
    const stat = readStat(pid);
    if (stat === null || !groups.has(stat.group)) continue;
    const sum = used.get(stat.group) ?? { cpuMicros: 0, memoryBytes: 0 };
    sum.cpuMicros += stat.cpuMicros;
    const residentKb = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status'))?.[1] ?? '0';
    sum.memoryBytes += Number(residentKb) * 1024;
    used.set(stat.group, sum);
  }
  return used;
}

/** `node server.ts`, shortened; for people. */
export function commandOf(pid: number): string {
  const command =
    readProc(pid, 'cmdline').split('\0').filter(Boolean).join(' ') || readProc(pid, 'comm').trim();
  return command.length > 80 ? `${command.slice(0, 79)}…` : command || 'an unknown program';
}

/** Who listens on a TCP port of this machine. */
export function holderOfPort(port: number): { pid: number; command: string } | null {
  const inodes = new Set(
    listeningSockets()
      .filter((socket) => socket.port === port)
      .map(({ inode }) => inode),
  );
  if (inodes.size === 0) return null;
  for (const pid of allPids()) {
    if (socketInodes(pid).some((inode) => inodes.has(inode))) return { pid, command: commandOf(pid) };
  }
  return null;
}

/** TCP ports that these processes listen on, ascending. */
export function portsOf(pids: readonly number[]): number[] {
  const inodes = new Set(pids.flatMap(socketInodes));
  const ports = listeningSockets()
    .filter(({ inode }) => inodes.has(inode))
    .map(({ port }) => port);
  return [...new Set(ports)].sort((a, b) => a - b);
}

function allPids(): number[] {
  if (!linux) return [];
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function readProc(pid: number, file: string): string {
  if (!linux) return '';
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** Linux tells times in hundredths of a second, whatever its own clock is. */
const TICK_MICROS = 10_000;

interface Stat {
  state: string;
  group: number;
  startedAt: string;
  /** Own and of children that it waited for, user and system. */
  cpuMicros: number;
}

function readStat(pid: number): Stat | null {
  const text = readProc(pid, 'stat');
  // The name stands in parentheses and may hold anything: what follows the last one are plain fields.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, , group] = fields;
  const startedAt = fields[19];
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return state && group && startedAt
    ? { state, group: Number(group), startedAt, cpuMicros: ticks * TICK_MICROS }
    : null;
}

function listeningSockets(): { port: number; inode: string }[] {
  if (!linux) return [];
  return ['tcp', 'tcp6'].flatMap((table) => {
    let text = '';
    try {
      text = readFileSync(`/proc/net/${table}`, 'utf8');
    } catch {
      // No IPv6 here.
    }
    return text
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const fields = line.trim().split(/\s+/);
        const port = Number.parseInt(fields[1]?.split(':').at(-1) ?? '', 16);
        const inode = fields[9];
        return fields[3] === '0A' && inode !== undefined ? [{ port, inode }] : [];
      });
  });
}

function socketInodes(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.slice(1) ?? [];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
