/** What a person can do to one instance of a running service. */

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
