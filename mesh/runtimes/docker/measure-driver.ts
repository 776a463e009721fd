/**
 * Which driver an engine needs, measured and not guessed: can this process bind the gateway address of a network as
 * pods get them, and does a container in it reach this process there? If not, the relay it is.
 */
import { EnvironmentError } from '../../../model/environment-error.ts';
import { openCanaryAt } from './gateway-network.ts';
import { labelsOf } from './labels.ts';
import { engineName } from './names.ts';
import { runOnce } from './one-shot.ts';
import { createOwnNetwork } from './own-network.ts';
import type { PodContext } from './pod.ts';
import { type Driver, wasVisited } from './pod-network.ts';

const NAME = 'probe';
/** How long the container tries. */
const PATIENCE_S = 3;

export interface MeasuredDriver {
  driver: Driver;
  /** What was found. */
  why: string;
}

/** Makes one network and at most one container of the session, and removes them. */
export async function measureDriver(context: PodContext, signal: AbortSignal): Promise<MeasuredDriver> {
  const { engine, session } = context;
  const name = engineName(session.id, NAME);
  const labels = labelsOf(session, NAME, 'network');
  const gateway = await createOwnNetwork(context, { name, labels }, signal);
  try {
    const canary = await openCanaryAt(gateway).catch((error: unknown) => {
      if (error instanceof EnvironmentError) return null;
      throw error;
    });
    if (canary === null)
      return { driver: 'relay', why: `the engine's bridge ${gateway} is not on this machine` };
    try {
      signal.throwIfAborted();
      await runOnce(engine, {
        network: name,
        rights: 'none',
        image: context.helperImage,
        name: engineName(session.id, NAME, 'caller'),
        labels: labelsOf(session, NAME, 'rules'),
        script: `busybox nc -w ${PATIENCE_S} ${gateway} ${canary.port} </dev/null`,
      });
      return (await wasVisited(canary))
        ? { driver: 'gateway', why: `a container reaches this machine at its bridge ${gateway}` }
        : { driver: 'relay', why: `no container reaches this machine at its bridge ${gateway}` };
    } finally {
      await canary.close();
    }
  } finally {
    // By name: it was made here, under the session's own.
    await engine.removeNetwork(name);
  }
}
