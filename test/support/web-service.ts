/** What a session tells of its service `web`. */
import type { InstanceStatus, WorkloadState } from '../../model/session-state.ts';

/** With one instance of this status, or with none. */
export function webService(status: InstanceStatus | null, detail: string | null = null): WorkloadState {
  return {
    id: 'web',
    name: 'web',
    namespace: 'shop',
    serviceAccount: 'web',
    spiffeId: 'spiffe://cluster.local/ns/shop/sa/web',
    labels: {},
    ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'http', mtls: 'STRICT' }],
    instances:
      status === null
        ? []
        : [{ id: 'web-0', workload: 'web', status, detail, podIp: '10.244.1.1', restarts: 0 }],
    certificate: null,
  };
}
