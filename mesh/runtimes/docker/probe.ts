/** What `doctor` asks: is there an engine, and can this runtime use it? Starts and changes nothing. */
import { EnvironmentError } from '../../../model/environment-error.ts';
import { connectEngine, type Engine, type EngineFacts } from './engine.ts';

export interface DockerProbe {
  available: boolean;
  version: string | null;
  /** Why not, with what to do about it; null when available. */
  reason: string | null;
  /** `relay` is not built yet: such an engine isn't available to this runtime. */
  driver: 'gateway' | 'relay' | null;
}

/** Asks the engine that the `docker` command line would use. Never rejects. */
export async function probeDocker(connect: () => Promise<Engine> = connectEngine): Promise<DockerProbe> {
  try {
    const engine = await connect();
    const facts = await engine.facts();
    const why = whyUnusable(engine.endpoint.url, facts);
    return why === null
      ? { available: true, version: facts.version, reason: null, driver: 'gateway' }
      : { available: false, version: facts.version, reason: why, driver: 'relay' };
  } catch (error) {
    return { available: false, version: null, reason: explain(error), driver: null };
  }
}

/** The gateway driver listens on the engine's bridges: they have to be this machine's own. Null = usable. */
export function whyUnusable(url: string, facts: EngineFacts): string | null {
  if (facts.containerOs !== 'linux')
    return `the engine runs ${facts.containerOs} containers; switch it to Linux ones`;
  const kind = facts.rootless
    ? 'a rootless engine'
    : facts.operatingSystem === 'Docker Desktop'
      ? 'Docker Desktop'
      : process.platform !== 'linux' || !url.startsWith('unix://')
        ? 'an engine on another machine'
        : null;
  return (
    kind &&
    `${kind} keeps its networks out of this machine's reach; use a Linux engine here, or the process runtime`
  );
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof EnvironmentError && error.hint !== null
    ? `${error.message}; ${error.hint}`
    : error.message;
}
