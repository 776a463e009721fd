/** The engine's own health checks, waited for. A container without one is as healthy as its ports. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Healthcheck } from '../../../model/container.ts';
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { Engine } from './engine.ts';

const ASK_EVERY_MS = 200;
/** The engine's defaults, where a check names none. */
const DEFAULTS = { intervalMs: 30_000, timeoutMs: 30_000, retries: 3 };

/** How long the engine may take before it calls a container unhealthy: its own schedule, written in the check. */
export function healthPatienceMs(check: Healthcheck | undefined): number {
  if (check === undefined || check.test?.[0] === 'NONE') return 0;
  const { intervalMs, timeoutMs, retries } = { ...DEFAULTS, ...check };
  return (check.startPeriodMs ?? 0) + (intervalMs + timeoutMs) * (retries + 1);
}

/** Resolves once it is healthy, or has no check; rejects with `service-not-ready`, or with the signal's reason. */
export async function waitForHealth(
  wait: {
    what: string;
    engine: Engine;
    container: string;
    timeoutMs: number;
    lines: () => readonly string[];
  },
  signal: AbortSignal,
): Promise<void> {
  const started = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const health = await wait.engine.health(wait.container);
    if (health === 'none' || health === 'healthy') return;
    const waitedMs = performance.now() - started;
    if (health === 'unhealthy' || waitedMs >= wait.timeoutMs) {
      throw new EnvironmentError(
        'service-not-ready',
        `${wait.what} isn't healthy: its health check ${health === 'unhealthy' ? 'failed as often as it may' : `didn't pass within ${Math.round(waitedMs / 1000)} s`}`,
        { hint: 'docker inspect shows what the check printed', lines: wait.lines() },
      );
    }
    await pause(ASK_EVERY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
