/**
 * Puts a snapshot in force as a whole or not at all. What can fail (key material, binding) is tried beside what is
 * in force; only when all of it worked is the one reference swapped. A refused snapshot changes nothing.
 */
import type { Problem } from '../model/problem.ts';
import { preparePolicy } from '../policy/index/first-match.ts';
import { applicationPool, type Core } from './core.ts';
import { InForce } from './in-force.ts';
import type { ListenerSet } from './listener-set.ts';
import { materialFor } from './sidecar-tls.ts';
import { shareOf } from './share.ts';
import type { BoundListener, Snapshot } from './snapshot.ts';
import type { Share } from './worker-messages.ts';

function duplicates(snapshot: Snapshot): Problem[] {
  const seen = new Set<string>();
  return snapshot.instances.flatMap(({ id }) => {
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    return [
      {
        code: 'duplicate-instance',
        severity: 'error' as const,
        message: `instance ${id} stands twice in the snapshot`,
      },
    ];
  });
}

/** A snapshot on its way into force: nothing has changed yet. */
export type Preparation =
  | { kind: 'refused'; problems: Problem[] }
  | {
      kind: 'prepared';
      /** Of this worker's own sidecars. */
      listeners: BoundListener[];
      /** Puts it in force; `all` are the listeners of every worker. */
      commit(all: readonly BoundListener[]): void;
      rollback(): void;
    };

export interface PrepareInput {
  snapshot: Snapshot;
  /** Which sidecars are this worker's. */
  share: Share;
  /** Where its listeners were before; bound there again. */
  taken: readonly BoundListener[];
}

/** Tries what can fail, beside what is in force. */
export async function prepareSnapshot(
  core: Core,
  listeners: ListenerSet,
  { snapshot, share, taken }: PrepareInput,
): Promise<Preparation> {
  const before = core.inForce;
  const twice = duplicates(snapshot);
  if (twice.length > 0) return { kind: 'refused', problems: twice };
  const own = shareOf(snapshot, share);
  const { tls, problems } = materialFor(
    own,
    snapshot.trustBundlePem,
    (instance) => before?.tls(instance) ?? null,
  );
  if (problems.length > 0) return { kind: 'refused', problems };
  const next = new InForce(snapshot, tls);
  for (const instance of own) next.routes(instance);
  const prepared = await listeners.prepare(own, taken);
  if (prepared.problems.length > 0) {
    prepared.rollback();
    return { kind: 'refused', problems: prepared.problems };
  }
  // Indexes are made before the snapshot is in force: no request waits for them.
  for (const { inbound, gateway = [] } of own)
    for (const policy of [
      ...[...inbound, ...gateway].map((port) => port.policy),
      ...[...inbound, ...gateway].flatMap(({ tcpPolicy = [] }) => tcpPolicy),
    ])
      preparePolicy(policy);
  return {
    kind: 'prepared',
    listeners: prepared.bound,
    rollback: prepared.rollback,
    commit: (all) => {
      next.learnListeners(all);
      seeOff(core, next);
      core.inForce = next;
      prepared.commit();
      retirePools(core, snapshot);
    },
  };
}

/** An instance that leaves is judged by the snapshot that is in force now, until its connections have drained. */
function seeOff(core: Core, next: InForce): void {
  const before = core.inForce;
  if (before === null) return;
  for (const { id } of next.snapshot.instances) core.departing.delete(id);
  for (const { id } of before.snapshot.instances) {
    if (next.instance(id) !== null) continue;
    core.departing.set(id, before);
    setTimeout(() => {
      if (core.departing.get(id) === before) core.departing.delete(id);
    }, core.limits.drainMs).unref();
  }
}

/** Connections to and for instances that are gone are of no use any more. */
function retirePools(core: Core, snapshot: Snapshot): void {
  const instances = new Set(snapshot.instances.map(({ id }) => id));
  const applications = new Set(
    snapshot.instances.flatMap((instance) =>
      instance.inbound.map(({ upstream }) => applicationPool(instance, upstream)),
    ),
  );
  const keep = (key: string): boolean => {
    const [kind, instance = ''] = key.split('|');
    return kind === 'application' ? applications.has(key) : instances.has(instance);
  };
  core.pools.retire(keep);
  core.fast.upstreams.retire(keep);
  core.fast.shared.retire(keep);
  core.clusters.retire((client) => instances.has(client));
  core.http2Pools.retire(keep);
  core.authorizers.retire(keep);
  core.rates.retire((instance) => instances.has(instance));
}
