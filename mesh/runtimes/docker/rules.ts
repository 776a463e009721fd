/**
 * What may pass in and out of an instance's network namespace, as nftables rules and host names, and the script
 * that puts them there. Pure: values to text. Everything that is spliced into a script is checked first.
 */
import { isIPv4 } from 'node:net';
import type { EgressPlan } from '../runtime.ts';
import { peerNames } from './names.ts';

const TABLE = 'greenroom';
const MARK = '# greenroom';
/** The engine's own resolver: it forwards to the host's name servers, which is a way out of any network. */
const ENGINE_RESOLVER = '127.0.0.11';

export interface PodFacts {
  /** The namespace of the caller's service, for short names. */
  namespace: string;
  /** Where the sidecar is for the pod and whence it comes: the bridge's address on this host, or the relay's. */
  sidecar: string;
  /** Workload ports. */
  ports: readonly number[];
}

export type Peers = EgressPlan['peers'];

/** What is counted, by the counter's name in the rules; packets, so that one refused call is one. */
export const COUNTERS = {
  tcp: 'refused_tcp',
  udp: 'refused_udp',
  dns: 'refused_dns',
  other: 'refused_other',
  inbound: 'dropped_inbound',
} as const;

/** The rules of one pod, for a table that isn't there or holds nothing but its counters: those go on. */
export function nftRules(pod: PodFacts, peers: Peers): string {
  const sidecar = address(pod.sidecar);
  const ways = uniqueWays(peers);
  const listeners = [...new Set(ways.map((way) => way.listenPort))].sort((a, b) => a - b);
  const redirect =
    ways.length === 0
      ? []
      : [
          '  chain captured {',
          '    type nat hook output priority -100; policy accept;',
          `    meta l4proto tcp dnat ip to ip daddr . tcp dport map { ${ways
            .map((way) => `${way.clusterIp} . ${way.port} : ${way.listenHost} . ${way.listenPort}`)
            .join(', ')} }`,
          '  }',
        ];
  return [
    `table inet ${TABLE} {`,
    ...Object.values(COUNTERS).map((name) => `  counter ${name} { }`),
    ...redirect,
    '  chain outbound {',
    '    type filter hook output priority 0; policy drop;',
    `    ip daddr ${ENGINE_RESOLVER} ${counted('dns')} reject`,
    '    oifname "lo" accept',
    '    ct state established,related accept',
    // Only what was redirected: dialling a listener directly would hide which peer was meant.
    ...(listeners.length === 0
      ? []
      : [`    ip daddr ${sidecar} tcp dport { ${listeners.join(', ')} } ct status dnat accept`]),
    // Refused rather than dropped, so that a forbidden call fails at once, as it does in a cluster.
    `    meta l4proto { tcp, udp } th dport 53 ${counted('dns')} reject`,
    `    meta l4proto tcp ${counted('tcp')} reject with tcp reset`,
    `    meta l4proto udp ${counted('udp')} reject`,
    `    ${counted('other')} reject`,
    '  }',
    '  chain inbound {',
    '    type filter hook input priority 0; policy drop;',
    '    iifname "lo" accept',
    '    ct state established,related accept',
    ...(pod.ports.length === 0
      ? []
      : [`    ip saddr ${sidecar} tcp dport { ${[...new Set(pod.ports.map(port))].join(', ')} } accept`]),
    `    ${counted('inbound')} drop`,
    '  }',
    '  chain forwarded {',
    '    type filter hook forward priority 0; policy drop;',
    '  }',
    '}',
    '',
  ].join('\n');
}

function counted(what: keyof typeof COUNTERS): string {
  return `counter name "${COUNTERS[what]}"`;
}

/** Prints the counters of a pod, as JSON. */
export const COUNTERS_SCRIPT = `exec nft -j list counters table inet ${TABLE}`;

/** The peers' lines of /etc/hosts. */
export function hostsLines(pod: PodFacts, peers: Peers): string[] {
  const names = new Map<string, Set<string>>();
  for (const peer of peers) {
    const known = names.get(address(peer.clusterIp)) ?? new Set();
    for (const name of peerNames(peer.service, peer.namespace, pod.namespace)) known.add(hostName(name));
    if (peer.namespace === pod.namespace) for (const alias of peer.aliases ?? []) known.add(hostName(alias));
    names.set(peer.clusterIp, known);
  }
  return [...names].map(([clusterIp, set]) => `${clusterIp} ${[...set].join(' ')}`);
}

/** How the script ended. Codes that neither a shell nor nft uses. */
export const RULES_EXIT = {
  done: 0,
  unreachable: 65,
  noRules: 66,
  leaks: 67,
  noNames: 68,
  canaryGone: 69,
} as const;

/**
 * The script for the one-shot container. `canaryPort` listens on the sidecar's address and belongs to no peer: before
 * the rules it must answer (else a firewall of the host is in the way), afterwards it mustn't (else the rules don't
 * hold). Values come in by environment variables: `RULES`, `HOSTS`.
 */
export function rulesScript(pod: PodFacts, peers: Peers, canaryPort: number): string {
  const sidecar = address(pod.sidecar);
  const canary = call(sidecar, canaryPort);
  const routes = [...new Set(peers.map((peer) => address(peer.clusterIp)))].map(
    // The address is rewritten after the route is chosen, so there has to be one.
    (clusterIp) => `busybox ip route replace ${clusterIp}/32 via ${sidecar} || exit ${RULES_EXIT.noRules}`,
  );
  return [
    // A pod whose service starts again has rules already: what those counted goes on.
    `counted=$(nft list counters table inet ${TABLE} 2>/dev/null)`,
    `nft delete table inet ${TABLE} 2>/dev/null`,
    `${canary} || exit ${RULES_EXIT.unreachable}`,
    namesScript(),
    ...routes,
    `printf '%s' "$RULES" | nft -f - || exit ${RULES_EXIT.noRules}`,
    `${canary} && exit ${RULES_EXIT.leaks}`,
    // The same rules once more, in one transaction: the canary's refusal is none of the service's.
    `printf 'delete table inet ${TABLE}\\n%s\\n%s' "$counted" "$RULES" | nft -f - || exit ${RULES_EXIT.leaks}`,
    `exit ${RULES_EXIT.done}`,
  ].join('\n');
}

function call(host: string, at: number): string {
  return `busybox nc -w 3 ${address(host)} ${port(at)} </dev/null >/dev/null 2>&1`;
}

/** How long a canary that is just being started is called; a firewall that drops takes as long for each call. */
const CALLS_S = 3;

/**
 * The same for a container that is there for the trial only: the canary may still be starting, and is reached again
 * once the rules are gone, so that it was they who refused it and not its end.
 */
export function trialScript(pod: PodFacts, peers: Peers, canaryPort: number): string {
  const canary = call(pod.sidecar, canaryPort);
  return [
    `end=$(($(busybox date +%s) + ${CALLS_S}))`,
    `until ${canary} || [ $(busybox date +%s) -ge $end ]; do busybox sleep 0.1; done`,
    `(\n${rulesScript(pod, peers, canaryPort)}\n) || exit $?`,
    `nft delete table inet ${TABLE} && ${canary} || exit ${RULES_EXIT.canaryGone}`,
  ].join('\n');
}

/** Only the names, from `HOSTS`: written in place, because the file is a mount that all containers of the pod share. */
export function namesScript(): string {
  return [
    `kept=$(busybox sed '/^${MARK}$/,$d' /etc/hosts) || exit ${RULES_EXIT.noNames}`,
    `printf '%s\\n' "$kept" '${MARK}' "$HOSTS" >/etc/hosts || exit ${RULES_EXIT.noNames}`,
  ].join('\n');
}

interface Way {
  clusterIp: string;
  port: number;
  listenHost: string;
  listenPort: number;
}

/** One listener for each (address, port): two would be a bug that the kernel would settle at random. */
function uniqueWays(peers: Peers): Way[] {
  const ways = new Map<string, Way>();
  for (const peer of peers) {
    const way = {
      clusterIp: address(peer.clusterIp),
      port: port(peer.port),
      listenHost: address(peer.listen.host),
      listenPort: port(peer.listen.port),
    };
    const key = `${way.clusterIp}:${way.port}`;
    if (ways.has(key)) throw new Error(`two outbound listeners for ${key}`);
    ways.set(key, way);
  }
  return [...ways.values()];
}

function address(text: string): string {
  if (!isIPv4(text)) throw new Error(`not an IPv4 address: ${JSON.stringify(text)}`);
  return text;
}

function port(value: number): number {
  if (!Number.isInteger(value) || value < 1 || value > 65_535) throw new Error(`not a port: ${value}`);
  return value;
}

function hostName(name: string): string {
  // Compose allows the underscore, and resolvers do.
  if (!/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(name))
    throw new Error(`not a host name: ${JSON.stringify(name)}`);
  return name;
}
