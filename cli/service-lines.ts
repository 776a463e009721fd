/** What `up` says of the services: who they are, where a request can be sent, and what became of them since. */
import type { SessionState, WorkloadState } from '../model/session-state.ts';
import type { BoundListener } from '../proxy/snapshot.ts';
import { printable } from './output.ts';

/** Where things listen; a session answers it. */
export interface Addresses {
  listeners(): readonly BoundListener[];
  applicationAddress(instance: string, port: number): { host: string; port: number } | null;
}

function url(address: { host: string; port: number }): string {
  return `http://${address.host}:${address.port}`;
}

/** One workload: its ports and identity, and below it where its first HTTP port answers. */
export function serviceLines(workload: WorkloadState, addresses: Addresses): string[] {
  const ports = workload.ports.map((port) => `${port.port} ${port.protocol} ${port.mtls}`).join(', ');
  const lines = [`  ${workload.id}  ${ports}  ${workload.spiffeId}`];
  const instance = workload.instances[0];
  const http = workload.ports.find((port) => port.protocol === 'http');
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

const TOLD = new Set(['restarting', 'failed', 'stopped']);

/** What became of instances between two states of a running session: gone, failed, back again. */
export function instanceChanges(before: SessionState, now: SessionState): string[] {
  if (now.phase !== 'running') return [];
  const known = new Map(before.workloads.flatMap((one) => one.instances).map((one) => [one.id, one]));
  return now.workloads
    .flatMap((workload) => workload.instances)
    .flatMap((instance) => {
      const earlier = known.get(instance.id);
      if (!earlier || earlier.status === instance.status) return [];
      const detail = instance.detail === null ? '' : `: ${printable(instance.detail)}`;
      if (TOLD.has(instance.status)) return [`${instance.id} is ${instance.status}${detail}`];
      return instance.status === 'ready' ? [`${instance.id} is ready again`] : [];
    });
}
