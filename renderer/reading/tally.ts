/** What the top bar counts. */
import { COMPLETED, type WorkloadState } from '../../model/session-state.ts';
import { type Health, healthOf } from './graph.ts';

/** How many of those that are to run do. A job that has ended well is done, and counts as neither up nor down. */
export function upTally(workloads: readonly WorkloadState[]): { up: number; all: number; health: Health } {
  const healths = workloads.filter((one) => !hasCompleted(one)).map(healthOf);
  const up = healths.filter((health) => health === 'ready').length;
  const all = healths.length;
  const health = healths.includes('failed') ? 'failed' : up === all ? 'ready' : 'starting';
  return { up, all, health };
}

/**
 * How many of the services that anybody can call take mutual TLS only, at every port. Clients of a gateway are
 * strangers to the mesh: its servers say what they must show.
 */
export function strictTally(workloads: readonly WorkloadState[]): { strict: number; all: number } {
  const called = workloads.filter((one) => one.kind !== 'gateway' && one.ports.length > 0);
  const strict = called.filter((one) => one.ports.every((port) => port.mtls === 'STRICT')).length;
  return { strict, all: called.length };
}

function hasCompleted({ instances }: WorkloadState): boolean {
  return (
    instances.length > 0 &&
    instances.every(({ status, detail }) => status === 'stopped' && detail === COMPLETED)
  );
}
