/** Names: what a service may call its peers, and what our containers and networks are called. */

/** Kubernetes' cluster domain; services are found under it whatever the trust domain is. */
const CLUSTER_DOMAIN = 'cluster.local';

/** The names by which a caller in `from` reaches a service, as in a cluster: the bare one only in its own namespace. */
export function peerNames(service: string, namespace: string, from: string): string[] {
  const full = [
    `${service}.${namespace}`,
    `${service}.${namespace}.svc`,
    `${service}.${namespace}.svc.${CLUSTER_DOMAIN}`,
  ];
  return namespace === from ? [service, ...full] : full;
}

/** `greenroom-<session>-<instance>[-<part>]`; a dot for the slash of `billing/payments-0`, which no service name holds. */
export function engineName(session: string, instance: string, part?: string): string {
  const words = ['greenroom', session, instance, ...(part ? [part] : [])];
  return words
    .join('-')
    .replaceAll('/', '.')
    .replaceAll(/[^A-Za-z0-9_.-]/g, '_');
}
