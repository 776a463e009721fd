/**
 * This side of the supervisor: spawns it, speaks its protocol, and closes its stdin, which is what ends it. The
 * pipe is not inherited by anything else that we start (Node opens it close-on-exec).
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EnvironmentError } from '../../../model/environment-error.ts';
import { inheritedEnvironment } from './environment.ts';
import type { Spawner, SpawnerContext } from './spawner.ts';
import { lineSplitter, type SupervisorCommand, type SupervisorReport } from './supervisor-protocol.ts';

const SCRIPT = new URL(
  import.meta.url.endsWith('.ts') ? './supervisor.ts' : './supervisor.js',
  import.meta.url,
);
/** The supervisor ends everything within 500 ms; this is for a machine that is very busy. */
const CLOSE_PATIENCE_MS = 5_000;
const STDERR_TAIL = 4_096;

export function startSupervisor(context: SpawnerContext): Spawner {
  const child = spawn(process.execPath, [fileURLToPath(SCRIPT)], {
    // Nothing of ours rides along: a NODE_OPTIONS meant for us could keep the supervisor from starting.
    env: { ...inheritedEnvironment(process.env), GREENROOM_SESSION: context.sessionId },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    windowsHide: true,
  });
  const { pid } = child;
  if (pid !== undefined) context.onStarted(pid);
  /** Process groups that live, by key: what we end ourselves should the supervisor be killed. */
  const groups = new Map<string, number>();
  let stderr = '';
  let closing = false;
  let gone = false;

  const reports = lineSplitter(Number.MAX_SAFE_INTEGER, (line) => {
    const value = JSON.parse(line) as SupervisorReport;
    if (value.kind === 'spawned') groups.set(value.key, value.pid);
    if (value.kind === 'exited') groups.delete(value.key);
    context.onReport(value);
  });
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => reports.push(chunk));
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-STDERR_TAIL);
  });
  // A write that meets a dead supervisor: `exit` tells it, with the reason.
  child.stdin.on('error', () => undefined);

  const ended = new Promise<void>((resolve) => {
    const onGone = (cause: Error | null, how: string): void => {
      if (gone) return;
      gone = true;
      if (pid !== undefined) context.onEnded(pid);
      for (const group of groups.values()) killGroup(group);
      groups.clear();
      resolve();
      if (closing) return;
      const lines = stderr.trim() === '' ? [] : stderr.trim().split('\n');
      context.onLost(
        new EnvironmentError(
          'supervisor-lost',
          `the supervisor of the services ${how}; they were stopped with it`,
          { lines, cause },
        ),
      );
    };
    child.once('error', (error) => onGone(error, 'could not be started'));
    child.once('close', (code, signal) =>
      onGone(null, signal ? `was killed (${signal})` : `exited with code ${code}`),
    );
  });

  const tell = (command: SupervisorCommand): void => {
    if (!gone && !closing) child.stdin.write(`${JSON.stringify(command)}\n`);
  };
  return {
    start: (request) => tell({ kind: 'start', ...request }),
    signal: (key, signal) => tell({ kind: 'signal', key, signal }),
    stop: (key, graceMs) => tell({ kind: 'stop', key, graceMs }),
    close() {
      closing = true;
      child.stdin.end();
      const patience = setTimeout(() => child.kill('SIGKILL'), CLOSE_PATIENCE_MS);
      return ended.finally(() => clearTimeout(patience));
    },
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
