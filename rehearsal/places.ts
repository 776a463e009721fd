/** Finds what a step names in the running mesh: workloads, ports, listeners. Says what there is when a name is wrong. */
import type { MeshGateway, MeshPort, Workload } from '../model/mesh.ts';
import type { Session } from '../mesh/session.ts';
import type { Target } from './attackers/connect.ts';

/** A step can't be run as written, or the mesh lacks what it needs: the step is `errored` with this message. */
export class StepError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StepError';
  }
}

/** The name in `from` that stands for nobody of the mesh. */
export const ATTACKER = 'attacker';

/** The workload called `name` (its id, its name, or `namespace/name`), or null. */
export function findWorkload(session: Session, name: string): Workload | null {
  const { workloads } = session.mesh;
  const named = (each: Workload): boolean => each.id === name || `${each.namespace}/${each.name}` === name;
  const byName = workloads.filter((each) => each.name === name);
  return workloads.find(named) ?? (byName.length === 1 ? (byName[0] ?? null) : null);
}

/** As `findWorkload`, or a `StepError` that lists what there is. */
export function requireWorkload(session: Session, name: string): Workload {
  const found = findWorkload(session, name);
  if (!found)
    throw new StepError(
      `no workload is called ${name}; there are ${session.mesh.workloads.map((each) => each.id).join(', ')}`,
    );
  return found;
}

/** The gateway called `name` (its id, or `namespace/name`), or null. */
export function findGateway({ mesh: { gateways = [] } }: Session, name: string): MeshGateway | null {
  return gateways.find((one) => one.id === name || `${one.namespace}/${one.name}` === name) ?? null;
}

/** The service port `wanted`, or the first that speaks HTTP. */
export function requirePort(workload: Workload, wanted: number | undefined): MeshPort {
  const http = (each: MeshPort): boolean => each.protocol !== 'tcp' && each.protocol !== 'tls';
  const found =
    wanted === undefined
      ? (workload.ports.find(http) ?? workload.ports[0])
      : workload.ports.find((each) => each.port === wanted);
  if (found) return found;
  const all = workload.ports.map((each) => each.port).join(', ') || 'none';
  throw new StepError(
    wanted === undefined
      ? `${workload.id} has no port`
      : `${workload.id} has no port ${wanted}; its ports: ${all}`,
  );
}

/** Where the sidecar of the workload's first instance takes what comes in for `port`. */
export function inboundListener(session: Session, workload: Workload, port: MeshPort): Target {
  const instance = workload.instances[0]?.id;
  const found = session
    .listeners()
    .find(
      (each) =>
        each.direction === 'inbound' && each.instance === instance && each.key === String(port.targetPort),
    );
  if (!found)
    throw new StepError(`the sidecar of ${workload.id} has no inbound listener for port ${port.targetPort}`);
  return { host: found.host, port: found.port };
}

/** The way out of `from`: the peer's own listener where there is one, which takes a path as written, else the HTTP proxy. */
export function outboundListener(
  session: Session,
  from: Workload,
  to: Workload,
  port: MeshPort,
): Target & { form: 'origin' | 'absolute' } {
  const instance = from.instances[0]?.id;
  const own = session
    .listeners()
    .filter((each) => each.direction === 'outbound' && each.instance === instance);
  const peer = own.find((each) => each.key === `${to.id}:${port.port}`);
  const found = peer ?? own.find((each) => each.key === 'http-proxy');
  if (!found)
    throw new StepError(`the sidecar of ${from.id} has no outbound listener for ${to.id}:${port.port}`);
  return { host: found.host, port: found.port, form: peer ? 'origin' : 'absolute' };
}

/** The Host that a caller would send: short within a namespace, with the namespace from elsewhere. */
export function hostHeader(from: Workload | null, to: Workload, port: MeshPort): string {
  const name = from?.namespace === to.namespace ? to.name : `${to.name}.${to.namespace}`;
  return port.port === 80 ? name : `${name}:${port.port}`;
}
