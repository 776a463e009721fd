/**
 * The named volumes of a session: made empty before anything starts, labelled, removed with it. A mesh's data is
 * rehearsal data; whatever the user's own `docker compose` keeps under the same name is never touched.
 */
import type { ContainerMount } from '../../../model/container.ts';
import type { Workload } from '../../../model/mesh.ts';
import type { Engine } from './engine.ts';
import { labelsOf, type Owner } from './labels.ts';
import { engineName } from './names.ts';

/** Makes every volume that one of these names. */
export async function createVolumes(
  engine: Engine,
  session: { id: string; mesh: string; owner: Owner },
  workloads: readonly Workload[],
): Promise<void> {
  const names = new Set(
    workloads.flatMap(({ run }) =>
      (run.container?.mounts ?? []).flatMap((mount) =>
        mount.kind === 'volume' && mount.name !== null ? [mount.name] : [],
      ),
    ),
  );
  await Promise.all(
    [...names].map((name) =>
      engine.createVolume({ name: volumeName(session.id, name), labels: labelsOf(session, name, 'volume') }),
    ),
  );
}

/** A mount with the engine's name of its volume. */
export function ofSession(session: string, mount: ContainerMount): ContainerMount {
  return mount.kind === 'volume' && mount.name !== null
    ? { ...mount, name: volumeName(session, mount.name) }
    : mount;
}

function volumeName(session: string, name: string): string {
  return engineName(session, name, 'volume');
}
