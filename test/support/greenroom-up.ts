/** `greenroom up` in a process of its own, until it is interrupted: what it says, and its events. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { launcher } from './greenroom.ts';

export interface RunningUp {
  readonly session: string;
  /** For other commands that shall find it. */
  readonly dataDir: string;
  readonly events: readonly TrafficEvent[];
  /** All that it wrote on stderr. */
  said(): string;
  /** Ctrl-C; its exit code. */
  interrupt(): Promise<number | null>;
}

/** Resolves when the mesh is up; rejects with what it said when it ends before. */
export async function greenroomUp(
  cwd: string,
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<RunningUp> {
  const dataDir = await mkdtemp(join(tmpdir(), 'greenroom-test-'));
  const child = spawn(process.execPath, [launcher, 'up', '--format', 'json', ...args], {
    cwd,
    env: { ...process.env, GREENROOM_DATA_DIR: dataDir, NO_COLOR: '1', FORCE_COLOR: undefined, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let partial = '';
  const events: TrafficEvent[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (partial + text).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) events.push(JSON.parse(line) as TrafficEvent);
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const session = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const id = / up \((?:docker|process)\), session (\S+)/.exec(said)?.[1];
      if (id !== undefined) resolve(id);
    });
    void ended.then((code) => reject(new Error(`greenroom up ended with ${code}:\n${said}`)));
  }).catch(async (error: unknown) => {
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  });
  return {
    session,
    dataDir,
    events,
    said: () => said,
    async interrupt() {
      child.kill('SIGINT');
      const code = await ended;
      await rm(dataDir, { recursive: true, force: true });
      return code;
    },
  };
}
