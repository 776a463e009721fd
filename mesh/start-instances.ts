/**
 * Starts every instance as soon as those that it waits for are ready. The first that fails takes the others with it:
 * their errors would hide the reason.
 */
import type { Mesh } from '../model/mesh.ts';
import type { BoundListener } from '../proxy/snapshot.ts';
import { egressPlan } from './egress-plan.ts';
import type { EgressPlan, Runtime } from './runtimes/runtime.ts';
import { startOrder } from './start-order.ts';

export interface InstanceToStart {
  id: string;
  egress: EgressPlan;
  /** Instances that must be ready, or completed, before; there is no circle in it. */
  after: readonly string[];
}

/** What these instances of a mesh are started with, and after. */
export function instancesToStart(
  mesh: Mesh,
  ids: readonly string[],
  listeners: readonly BoundListener[],
): InstanceToStart[] {
  const order = startOrder(mesh);
  return ids.map((id) => ({ id, egress: egressPlan(mesh, id, listeners), after: order.get(id) ?? [] }));
}

/** Rejects with the first failure, or with the signal's reason, once every start has ended. */
export async function startInstances(
  runtime: Runtime,
  instances: readonly InstanceToStart[],
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const starts = new Map<string, Promise<void>>();
  const byId = new Map(instances.map((instance) => [instance.id, instance]));
  const start = (id: string): Promise<void> => {
    const instance = byId.get(id);
    if (instance === undefined) return Promise.resolve();
    const known = starts.get(id);
    if (known) return known;
    const started = Promise.all(instance.after.map(start)).then(async () => {
      if (!either.aborted) await runtime.start(id, instance.egress, either);
    });
    starts.set(
      id,
      started.catch((error: unknown) => failed.abort(error)),
    );
    return starts.get(id) ?? started;
  };
  await Promise.all(instances.map(({ id }) => start(id)));
  either.throwIfAborted();
}
