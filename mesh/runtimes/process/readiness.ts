/** Ready = the application's port accepts a connection. Says what it waited for and how long when it gives up. */
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { EnvironmentError } from '../../../model/environment-error.ts';

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;
const CONNECT_TIMEOUT_MS = 1_000;
const REFUSED = 'nothing listens there';

/** Resolves at the first accepted connection; rejects with `service-not-ready`, or with the signal's reason. */
export async function waitForPort(
  wait: {
    what: string;
    host: string;
    port: number;
    /** Tries it: null = accepted, else why not; absent = a connection from here. */
    knock?: () => Promise<string | null>;
    timeoutMs: number;
    hint?: () => string | undefined;
    /** Its last words. */
    lines?: () => readonly string[];
  },
  signal: AbortSignal,
): Promise<void> {
  const started = performance.now();
  let last = REFUSED;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
    signal.throwIfAborted();
    const outcome = await (wait.knock?.() ?? knockAt(wait.host, wait.port));
    if (outcome === null) return;
    last = outcome;
    const waitedMs = performance.now() - started;
    if (waitedMs >= wait.timeoutMs) {
      const seconds = Math.round(waitedMs / 100) / 10;
      const hint = wait.hint?.();
      throw new EnvironmentError(
        'service-not-ready',
        `${wait.what} isn't ready: waited ${seconds} s for a connection to ${wait.host}:${wait.port} (${last})`,
        { ...(hint === undefined ? {} : { hint }), lines: wait.lines?.() ?? [] },
      );
    }
    await pause(Math.min(pauseMs, wait.timeoutMs - waitedMs), undefined, { signal, ref: true }).catch(() =>
      signal.throwIfAborted(),
    );
  }
}

/** Whether nothing listens there, for certain: one that doesn't answer may yet. */
export async function isRefused(host: string, port: number): Promise<boolean> {
  return (await knockAt(host, port)) === REFUSED;
}

/** Connects once: null = accepted; else why not. */
export function knockAt(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (result: string | null): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => finish('no answer'));
    socket.once('connect', () => finish(null));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      finish(error.code === 'ECONNREFUSED' ? REFUSED : (error.code ?? error.message)),
    );
  });
}
