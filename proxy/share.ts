/** Which worker a sidecar runs on: all instances of a workload on one, the same one in every snapshot. */
import type { InstanceSnapshot, Snapshot } from './snapshot.ts';
import type { Share } from './worker-messages.ts';

/** FNV-1a of the name. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index += 1)
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193) >>> 0;
  return hash;
}

/** Index of the worker that has a workload's sidecars. */
export function workerOf(workload: string, count: number): number {
  return hashOf(workload) % count;
}

/** The sidecars that a worker has. */
export function shareOf(snapshot: Snapshot, { index, count }: Share): InstanceSnapshot[] {
  return snapshot.instances.filter(({ workload }) => workerOf(workload, count) === index);
}
