/** Both network drivers of the docker runtime, and where things are that they put at different places. */
import type { Driver } from '../../mesh/runtimes/docker/pod-network.ts';
import { createDockerRuntime } from '../../mesh/runtimes/docker/docker-runtime.ts';
import type { RuntimeFactory } from '../../mesh/runtimes/runtime.ts';
import { dockerCli } from './docker-cli.ts';

export const DRIVERS: readonly { driver: Driver; runtime: RuntimeFactory }[] = (
  ['gateway', 'relay'] as const
).map((driver) => ({ driver, runtime: (context) => createDockerRuntime(context, { driver }) }));

/** The address of an instance in its own network, past our own runtime. */
export async function podAddress(session: { id: string }, instance: string): Promise<string> {
  return dockerCli(
    'inspect',
    '--format',
    '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
    `greenroom-${session.id}-${instance}-pod`,
  );
}
