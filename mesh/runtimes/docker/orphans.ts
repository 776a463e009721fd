/**
 * Containers, networks and volumes of sessions whose process is gone. The label tells whose they are: process, its start, and
 * its realm; where that can't be judged from here, they are somebody's and stay.
 */
import type { Orphan, OrphanSource } from '../../orphans.ts';
import { connectEngine } from './dockerode-engine.ts';
import type { Engine, Owned } from './engine.ts';
import { INSTANCE_LABEL, isGone, isRole, MESH_LABEL, OWNER_LABEL, ownerOf, SESSION_LABEL } from './labels.ts';
import { knownRealm } from './realm.ts';

/** The docker side of `findOrphans`: of sessions with this data folder. Finds nothing where no engine answers. */
export function dockerOrphans(dataDir: string, connect: () => Promise<Engine> = connectEngine): OrphanSource {
  return {
    runtime: 'docker',
    async find() {
      const realm = knownRealm(dataDir);
      const engine = realm === null ? null : await connect().catch(() => null);
      return realm === null || engine === null ? [] : findDockerOrphans(engine, realm);
    },
  };
}

/** What dead sessions of this realm left in this engine. */
export async function findDockerOrphans(engine: Engine, realm: string): Promise<Orphan[]> {
  const isOrphaned = ({ labels }: Owned): boolean => {
    const owner = ownerOf(labels);
    return labels[SESSION_LABEL] !== undefined && owner !== null && isGone(owner, realm);
  };
  const containers = (await engine.containers(OWNER_LABEL)).filter(isOrphaned);
  const networks = (await engine.networks(OWNER_LABEL)).filter(isOrphaned);
  const volumes = (await engine.volumes(OWNER_LABEL)).filter(isOrphaned);
  const removals = new Map<string, Promise<void>>();
  const removeOnce = (container: Owned) => {
    const removal = removals.get(container.id) ?? engine.removeContainer(container.id);
    removals.set(container.id, removal);
    return removal;
  };
  return [
    ...containers.map((container) => orphan('container', container, () => removeOnce(container))),
    ...networks.map((network) =>
      orphan('network', network, async () => {
        // The engine keeps a network while somebody is in it; these are removed at the same time, or were asked for.
        await Promise.all(containers.filter((container) => mayBeIn(container, network)).map(removeOnce));
        await engine.removeNetwork(network.id);
      }),
    ),
    ...volumes.map((volume) =>
      orphan('volume', volume, async () => {
        // Any container of its session may use it.
        await Promise.all(
          containers.filter((container) => isOfSameSession(container, volume)).map(removeOnce),
        );
        await engine.removeVolume(volume.id);
      }),
    ),
  ];
}

/** A relay is in all networks of its session. */
function mayBeIn(container: Owned, network: Owned): boolean {
  return isRole(container.labels, 'relay')
    ? isOfSameSession(container, network)
    : isOfSamePod(container, network);
}

function isOfSamePod(one: Owned, other: Owned): boolean {
  return [SESSION_LABEL, INSTANCE_LABEL].every((label) => one.labels[label] === other.labels[label]);
}

function isOfSameSession(one: Owned, other: Owned): boolean {
  return one.labels[SESSION_LABEL] === other.labels[SESSION_LABEL];
}

function orphan(kind: Orphan['kind'], owned: Owned, remove: () => Promise<void>): Orphan {
  return {
    kind,
    session: owned.labels[SESSION_LABEL] ?? '',
    mesh: owned.labels[MESH_LABEL] ?? '',
    name: owned.name,
    description: `${owned.labels[INSTANCE_LABEL] ?? 'an unknown instance'} of ${owned.labels[MESH_LABEL] ?? 'an unknown mesh'}: ${kind} ${owned.name}`,
    remove,
  };
}
