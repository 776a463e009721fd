/** Ports that a Compose file publishes: opened on loopback, at the sidecar of a service's first instance. */
import { createServer } from 'node:net';
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { Workload } from '../../../model/mesh.ts';
import type { Pod } from './pod.ts';

/** The port of this machine at which a pod's workload port is opened; null = none. */
export function publishedPort(
  { workload, instance }: Pick<Pod, 'workload' | 'instance'>,
  port: number,
): number | null {
  if (workload.instances[0]?.id !== instance.id) return null;
  return workload.run.container?.published.find(({ targetPort }) => targetPort === port)?.port ?? null;
}

/**
 * Makes sure that they are free, so that the one that isn't can be named.
 * @throws EnvironmentError `port-taken`
 */
export async function ensurePublishable(workloads: readonly Workload[]): Promise<void> {
  for (const workload of new Set(workloads)) {
    for (const { port } of workload.run.container?.published ?? []) await tryListen(port, workload);
  }
}

async function tryListen(port: number, workload: Workload): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  }).catch((cause: unknown) => {
    throw new EnvironmentError(
      'port-taken',
      `${workload.id} publishes port ${port}, which can't be opened: ${cause instanceof Error ? cause.message : String(cause)}`,
      { hint: `who has it: ss -ltnp 'sport = :${port}'; or publish another port in the Compose file`, cause },
    );
  });
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
