/** What `up` says of the services: who they are, where a request can be sent, and what became of them since. */
import { counted } from '../model/counted.ts';
import type { InstanceState, SessionState, WorkloadState } from '../model/session-state.ts';
import type { BoundListener } from '../proxy/snapshot.ts';
import { attachedLines } from './attached-lines.ts';
import { printable } from './output.ts';

/** Where things listen; a session answers it. */
export interface Addresses {
  listeners(): readonly BoundListener[];
  applicationAddress(instance: string, port: number): { host: string; port: number } | null;
}

function url(address: { host: string; port: number }): string {
  return `http://${address.host}:${address.port}`;
}

/** `5 services`, `1 service and 1 gateway`. */
export function countLine({ workloads }: Pick<SessionState, 'workloads'>): string {
  const gateways = workloads.filter(({ kind }) => kind === 'gateway').length;
  const services = counted(workloads.length - gateways, 'service');
  return gateways === 0 ? services : `${services} and ${counted(gateways, 'gateway')}`;
}

/** One workload: its ports and identity, and below it where its first HTTP port answers. */
export function serviceLines(workload: WorkloadState, addresses: Addresses): string[] {
  const ports = workload.ports.map((port) => `${port.port} ${port.protocol} ${port.mtls}`).join(', ');
  const lines = [`  ${workload.id}  ${ports}  ${workload.spiffeId}`];
  const instance = workload.instances[0];
  if (workload.kind === 'gateway' && instance)
    return [...lines, ...gatewayDoors(workload, instance.id, addresses)];
  if (instance?.attached) {
    const proxy = addresses
      .listeners()
      .find(
        (one) => one.instance === instance.id && one.direction === 'outbound' && one.key === 'http-proxy',
      );
    lines.push(...attachedLines(instance, proxy));
  }
  const http = workload.ports.find(({ protocol }) => protocol === 'http' || protocol === 'auto');
  if (!instance || !http) return lines;
  const door = addresses
    .listeners()
    .find(
      (one) =>
        one.instance === instance.id && one.direction === 'inbound' && one.key === String(http.targetPort),
    );
  const application = addresses.applicationAddress(instance.id, http.targetPort);
  if (application) lines.push(`      the service itself      ${url(application)}`);
  if (door) lines.push(`      its sidecar, for anyone ${url(door)}`);
  return lines;
}

/** Every port of a gateway is a door. */
function gatewayDoors({ ports }: WorkloadState, instance: string, addresses: Addresses): string[] {
  return ports.flatMap(({ port }) => {
    const door = addresses
      .listeners()
      .find((one) => one.instance === instance && one.direction === 'inbound' && one.key === String(port));
    return door ? [`      port ${port}, for anyone`.padEnd(29) + ` ${door.host}:${door.port}`] : [];
  });
}

const TOLD = new Set(['restarting', 'failed', 'stopped', 'paused']);

/** What became of instances between two states of a running session: joined, gone, failed, back again. */
export function instanceChanges(before: SessionState, now: SessionState): string[] {
  if (now.phase !== 'running') return [];
  const known = new Map(instancesOf(before).map((one) => [one.id, one]));
  const present = instancesOf(now);
  const changes = present.flatMap((instance) => {
    const { id, status, detail, restarts } = instance;
    const earlier = known.get(id);
    if (!earlier) return [`${id} joins`];
    if (earlier.status === status) return [];
    const why = detail === null ? '' : `: ${printable(detail)}`;
    // Why one stops is told where nobody asked for that one.
    if (TOLD.has(status) || (status === 'stopping' && why !== '')) return [`${id} is ${status}${why}`];
    if (status !== 'ready') return [];
    if (earlier.status === 'paused') return [`${id} goes on`];
    return [earlier.status === 'restarting' || restarts > 0 ? `${id} is ready again` : `${id} is ready`];
  });
  const ids = new Set(present.map(({ id }) => id));
  return [...changes, ...[...known.keys()].filter((id) => !ids.has(id)).map((id) => `${id} is gone`)];
}

function instancesOf({ workloads }: SessionState): InstanceState[] {
  return workloads.flatMap(({ instances }) => instances);
}

/** What became of the engine between two states: away, or back. */
export function engineChanges(before: SessionState, now: SessionState): string[] {
  if (!before.engineAbsence && now.engineAbsence)
    return [
      `the Docker engine is away: ${printable(now.engineAbsence.why)}`,
      '  hint: start it again; sidecars go on refusing what they must, and what ended with it is started again when it is back',
    ];
  return before.engineAbsence && !now.engineAbsence ? ['the Docker engine is back'] : [];
}
