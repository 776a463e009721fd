/** The instances of a session as the engine shows them. */
import type { Refusals } from '../../../model/refusals.ts';
import type { Engine, OwnedContainer } from './engine.ts';
import { INSTANCE_LABEL, isRole, SESSION_LABEL } from './labels.ts';
import { readRefusals } from './refusals.ts';

export interface PodStatus {
  instance: string;
  /** The engine's word for its container: `running`, `exited`, …; null = there is none. */
  container: string | null;
  /** Null = no rules are in force. */
  refusals: Refusals | null;
}

/** By instance. An instance that goes away meanwhile is told as one without rules. */
export async function sessionPods(engine: Engine, session: string): Promise<PodStatus[]> {
  const containers = await engine.containers(`${SESSION_LABEL}=${session}`);
  const pods = containers
    .filter(({ labels }) => isRole(labels, 'holder'))
    .map(async (holder) => {
      const instance = holder.labels[INSTANCE_LABEL] ?? '';
      const service = containers.find(
        ({ labels }) => isRole(labels, 'service') && labels[INSTANCE_LABEL] === instance,
      );
      const refusals = await readRefusals(engine, holder).catch(() => null);
      return { instance, container: service?.state ?? null, refusals };
    });
  return (await Promise.all(pods)).sort((one, other) => one.instance.localeCompare(other.instance));
}

/** The container in which an instance's service is, whatever it does there; undefined = there is none. */
export async function serviceOf(
  engine: Engine,
  session: string,
  instance: string,
): Promise<OwnedContainer | undefined> {
  const all = await engine.containers(`${SESSION_LABEL}=${session}`);
  return all.find(({ labels }) => labels[INSTANCE_LABEL] === instance && isRole(labels, 'service'));
}
