/**
 * What the supervisor is there against: services started straight by the session, that nobody ends when it dies.
 * For the crash test only, which has to see this leak.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { SpawnerFactory } from '../../mesh/runtimes/process/spawner.ts';

export const carelessSpawner: SpawnerFactory = ({ onReport }) => {
  const running = new Map<string, ChildProcess>();
  return {
    start({ key, command, cwd, env }) {
      const [file = '', ...args] = command;
      const child = spawn(file, args, { cwd, env: { ...env }, stdio: 'ignore', detached: true });
      running.set(key, child);
      child.once('exit', (code, signal) => {
        running.delete(key);
        onReport({ kind: 'exited', key, code, signal });
      });
      onReport({ kind: 'spawned', key, pid: child.pid ?? 0 });
    },
    signal: (key, signal) => void running.get(key)?.kill(signal),
    stop: (key) => void running.get(key)?.kill(),
    close: () => Promise.resolve(),
  };
};
