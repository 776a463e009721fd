/** Removes what carries one label: containers first, then networks and volumes, which can't go while one uses them. */
import type { Engine, Owned } from './engine.ts';
import { INSTANCE_LABEL, SESSION_LABEL } from './labels.ts';

/** What was removed. Rejects with the first refusal, after everything else was tried. */
export async function removeLabelled(engine: Engine, label: string): Promise<Owned[]> {
  const containers = await engine.containers(label);
  // A service keeps its holder's namespace alive, not the other way round: any order will do.
  const gone = await Promise.allSettled(containers.map(({ id }) => engine.removeContainer(id)));
  const networks = await engine.networks(label);
  gone.push(...(await Promise.allSettled(networks.map(({ id }) => engine.removeNetwork(id)))));
  const volumes = await engine.volumes(label);
  gone.push(...(await Promise.allSettled(volumes.map(({ id }) => engine.removeVolume(id)))));
  for (const outcome of gone) if (outcome.status === 'rejected') throw outcome.reason;
  return [...containers, ...networks, ...volumes];
}

/** Removes the containers and the networks of these instances of a session, also those of a pod that is half made. */
export async function removePods(
  engine: Engine,
  session: string,
  instances: readonly string[],
): Promise<void> {
  const label = `${SESSION_LABEL}=${session}`;
  const isTheirs = ({ labels }: Owned): boolean => instances.includes(labels[INSTANCE_LABEL] ?? '');
  const containers = (await engine.containers(label)).filter(isTheirs);
  await allOf(containers.map(({ id }) => engine.removeContainer(id)));
  const networks = (await engine.networks(label)).filter(isTheirs);
  await allOf(networks.map(({ id }) => engine.removeNetwork(id)));
}

async function allOf(removals: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(removals))
    if (outcome.status === 'rejected') throw outcome.reason;
}
