/** Starts every instance at once. The first that fails takes the others with it: their errors would hide the reason. */
import type { EgressPlan, Runtime } from './runtimes/runtime.ts';

/** Rejects with the first failure, or with the signal's reason, once every start has ended. */
export async function startInstances(
  runtime: Runtime,
  instances: readonly { id: string; egress: EgressPlan }[],
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  await Promise.all(
    instances.map(({ id, egress }) =>
      runtime.start(id, egress, either).catch((error: unknown) => failed.abort(error)),
    ),
  );
  either.throwIfAborted();
}
