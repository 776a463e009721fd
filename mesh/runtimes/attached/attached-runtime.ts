/**
 * Attached services beside those of another runtime, whichever it is: their sidecars stand on loopback, and their life
 * is where somebody started them. Everything else is the other runtime's.
 */
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { Instance, Workload } from '../../../model/mesh.ts';
import type { EgressPlan, InstancePlacement, Runtime, RuntimeContext, RuntimeFactory } from '../runtime.ts';
import { AttachedService } from './attached-service.ts';
import { environmentFile } from './environment-file.ts';

type Entry = { instance: Instance; workload: Workload };

/** `timeoutMs`: how long a start waits for somebody to listen; absent = as long as for any service. */
export function withAttached(others: RuntimeFactory, timeoutMs?: number): RuntimeFactory {
  return async (context) => {
    const attached = context.mesh.workloads.some(({ run }) => run.attach !== null);
    const runtime = await others(context);
    return attached ? attachedBeside(runtime, context, timeoutMs ?? context.readyTimeoutMs) : runtime;
  };
}

function attachedBeside(others: Runtime, context: RuntimeContext, timeoutMs: number): Runtime {
  const services = new Map<string, AttachedService>();
  const add = ({ instance, workload }: Entry, address: string): InstancePlacement => {
    const { sessionId, mesh, dataDir, events } = context;
    const file = environmentFile(dataDir, mesh, instance.id, sessionId);
    const service = new AttachedService({ instance, workload, address, events, file, timeoutMs });
    services.set(instance.id, service);
    return service.placement;
  };
  /** @throws EnvironmentError `attached` */
  const ours = (instance: string): string => {
    const service = services.get(instance);
    if (service === undefined) return instance;
    throw new EnvironmentError(
      'attached',
      `${instance} is attached (${service.address}): its life is where you started it`,
      { hint: 'stop and start it there; greenroom sees it go and come back' },
    );
  };
  return {
    kind: others.kind,
    get containment() {
      return others.containment;
    },
    updates: others.updates,
    async prepare(instances, signal) {
      const started = instances.filter(({ workload }) => workload.run.attach === null);
      const placements = started.length === 0 ? [] : await others.prepare(started, signal);
      const placed = new Map(placements.map((placement) => [placement.instance, placement]));
      return instances.map((entry) => {
        const { attach } = entry.workload.run;
        const placement = attach === null ? placed.get(entry.instance.id) : add(entry, attach);
        if (placement === undefined) throw new Error(`no place for ${entry.instance.id}`);
        return placement;
      });
    },
    async start(instance: string, egress: EgressPlan, signal: AbortSignal) {
      const service = services.get(instance);
      if (service === undefined || service.isStarted) await others.start(ours(instance), egress, signal);
      else await service.start(egress, signal);
    },
    stopInstance: async (instance, graceMs) => await others.stopInstance(ours(instance), graceMs),
    async remove(instances) {
      for (const instance of instances) {
        await services.get(instance)?.close();
        services.delete(instance);
      }
      await others.remove(instances);
    },
    restart: async (instance, signal) => await others.restart(ours(instance), signal),
    pause: async (instance) => await others.pause(ours(instance)),
    unpause: async (instance) => await others.unpause(ours(instance)),
    kill: async (instance, signal) => await others.kill(ours(instance), signal),
    exec: async (instance, request) => await others.exec(ours(instance), request),
    refusals: async (instance) => (services.has(instance) ? null : await others.refusals(instance)),
    usage: () => others.usage(),
    async close() {
      await Promise.all([...services.values()].map((service) => service.close()));
      await others.close();
    },
  };
}
