/** What `doctor` asks: is there an engine, and can this runtime use it? */
import { EnvironmentError } from '../../../model/environment-error.ts';
import { messageOf } from '../../../model/message-of.ts';
import { doctorSession } from './doctor-session.ts';
import { connectEngine } from './dockerode-engine.ts';
import type { Engine } from './engine.ts';
import type { EngineFacts } from './engine-facts.ts';
import { ensureHelperImage } from './helper-image.ts';
import type { Owner } from './labels.ts';
import { measureDriver, type MeasuredDriver } from './measure-driver.ts';
import { subnetCandidates } from './subnets.ts';

export interface DockerProbe {
  available: boolean;
  version: string | null;
  /** Why not, with what to do about it; null when available. */
  reason: string | null;
}

/** Asks the engine that the `docker` command line would use. Starts and changes nothing; never rejects. */
export async function probeDocker(connect: () => Promise<Engine> = connectEngine): Promise<DockerProbe> {
  try {
    const facts = await (await connect()).facts();
    const reason = whyUnusable(facts);
    return { available: reason === null, version: facts.version, reason };
  } catch (error) {
    return { available: false, version: null, reason: explain(error) };
  }
}

/**
 * Which driver the runtime would take there: what it measures at each start, and leaves nothing of.
 * @throws EnvironmentError where it can't be measured
 */
export async function probeDriver(
  owner: Owner,
  connect: () => Promise<Engine> = connectEngine,
  signal: AbortSignal = new AbortController().signal,
): Promise<MeasuredDriver> {
  const engine = await connect();
  const session = doctorSession(owner);
  return measureDriver(
    {
      engine,
      session,
      helperImage: await ensureHelperImage(engine, signal),
      subnets: subnetCandidates(session.id),
    },
    signal,
  );
}

/** Null = usable. */
export function whyUnusable({ containerOs }: EngineFacts): string | null {
  return containerOs === 'linux'
    ? null
    : `the engine runs ${containerOs} containers; switch it to Linux ones`;
}

function explain(error: unknown): string {
  return error instanceof EnvironmentError && error.hint !== null
    ? `${error.message}; ${error.hint}`
    : messageOf(error);
}
