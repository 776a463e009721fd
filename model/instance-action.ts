/** What a person can do to one instance of a running service. */
import type { InstanceStatus } from './session-state.ts';

export const KILL_SIGNALS = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGABRT',
  'SIGKILL',
  'SIGUSR1',
  'SIGUSR2',
  'SIGTERM',
] as const;
export type KillSignal = (typeof KILL_SIGNALS)[number];

/**
 * `kill` is a crash: what the service's restart policy says happens then. `pause` freezes it: it stays an endpoint that
 * answers nobody, as a hung service does. `graceMs: null` = as long as the service itself says.
 */
export type InstanceAction =
  | { kind: 'restart' | 'start' | 'pause' | 'unpause' }
  | { kind: 'stop'; graceMs: number | null }
  | { kind: 'kill'; signal: KillSignal };

/**
 * When each makes sense. One that is starting is waited for, or killed: a stop or a restart would only wait for it too.
 */
export const ACTION_STATUSES: Readonly<Record<InstanceAction['kind'], readonly InstanceStatus[]>> = {
  restart: ['ready', 'paused', 'restarting', 'stopped', 'failed'],
  start: ['stopped', 'failed'],
  stop: ['ready', 'paused', 'restarting'],
  pause: ['ready'],
  unpause: ['paused'],
  kill: ['ready', 'paused', 'starting'],
};
