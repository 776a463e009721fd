/** Hosts of a Gateway's server, `namespace/name`: whose routes it takes, and for which names. */
import { narrowerName } from '../../wire/name-match.ts';

export interface ServerHost {
  /** The namespace whose routes are taken; `*` = any. */
  owner: string;
  /** `shop.example.com`, `*.example.com` or `*`. */
  name: string;
}

/** Reads one; without a namespace it is everybody's. */
export function serverHost(written: string): ServerHost {
  const slash = written.indexOf('/');
  return slash < 0
    ? { owner: '*', name: written }
    : { owner: written.slice(0, slash), name: written.slice(slash + 1) };
}

/** `./name` is a host of the Gateway's own namespace. */
export function ownNamespace(written: string, namespace: string): string {
  return written.startsWith('./') ? `${namespace}/${written.slice(2)}` : written;
}

/** Names that are both the server's and the service's; each the more specific of the two, once. */
export function sharedNames(
  serverHosts: readonly string[],
  service: { namespace: string; hosts: readonly string[] },
): string[] {
  const shared = serverHosts
    .map(serverHost)
    .filter(({ owner }) => owner === '*' || owner === service.namespace)
    .flatMap(({ name }) => service.hosts.flatMap((other) => narrowerName(name, other) ?? []));
  return [...new Set(shared)];
}
