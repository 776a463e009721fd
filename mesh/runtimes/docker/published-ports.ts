/** Ports that a Compose file publishes: opened on loopback, at the sidecar of a service's first instance. */
import { createServer } from 'node:net';
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { Instance, Workload } from '../../../model/mesh.ts';
import { messageOf } from '../../../model/message-of.ts';

/** The port of this machine at which a pod's workload port is opened; null = none. */
export function publishedPort(
  { workload, instance }: { workload: Workload; instance: Instance },
  port: number,
): number | null {
  if (!publishes(workload, instance)) return null;
  return workload.run.container?.published.find(({ targetPort }) => targetPort === port)?.port ?? null;
}

function publishes({ instances }: Workload, { id }: Instance): boolean {
  return instances[0]?.id === id;
}

/**
 * Makes sure that they are free, so that the one that isn't can be named.
 * @throws EnvironmentError `port-taken`
 */
export async function ensurePublishable(
  instances: readonly { workload: Workload; instance: Instance }[],
): Promise<void> {
  for (const { workload, instance } of instances) {
    if (!publishes(workload, instance)) continue;
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
      `${workload.id} publishes port ${port}, which can't be opened: ${messageOf(cause)}`,
      { hint: `who has it: ss -ltnp 'sport = :${port}'; or publish another port in the Compose file`, cause },
    );
  });
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
