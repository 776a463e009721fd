/** An instance of the snapshot, as events name it. */
import type { PeerRef } from '../model/traffic-event.ts';
import type { InstanceSnapshot } from './snapshot.ts';

export function instancePeer(instance: InstanceSnapshot, port: number | null): PeerRef {
  const { id, workload, namespace, spiffeId, podIp } = instance;
  return { workload, namespace, instance: id, spiffeId, ip: podIp, port };
}
