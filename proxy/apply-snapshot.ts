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
import type { Snapshot, SnapshotAnswer } from './snapshot.ts';

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

export async function applySnapshot(
  core: Core,
  listeners: ListenerSet,
  snapshot: Snapshot,
): Promise<SnapshotAnswer> {
  const before = core.inForce;
  const nack = (problems: Problem[]): SnapshotAnswer => ({
    kind: 'nack',
    version: snapshot.version,
    inForce: before?.snapshot.version ?? null,
    problems,
  });
  const twice = duplicates(snapshot);
  if (twice.length > 0) return nack(twice);
  const { tls, problems } = materialFor(snapshot, (instance) => before?.tls(instance) ?? null);
  if (problems.length > 0) return nack(problems);
  const prepared = await listeners.prepare(snapshot);
  if (prepared.problems.length > 0) {
    prepared.rollback();
    return nack(prepared.problems);
  }
  // Indexes are made before the snapshot is in force: no request waits for them.
  for (const { inbound } of snapshot.instances) for (const { policy } of inbound) preparePolicy(policy);
  core.inForce = new InForce(snapshot, tls);
  const bound = prepared.commit();
  retirePools(core, snapshot);
  return { kind: 'ack', version: snapshot.version, listeners: bound };
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
    if (kind === 'application') return applications.has(key);
    return kind === 'passthrough' || instances.has(instance);
  };
  core.pools.retire(keep);
  core.http2Pools.retire(keep);
  core.authorizers.retire((key) => instances.has(key.split('|')[1] ?? ''));
}
