/** Compiled routes, indexed for the questions that a connection and a request ask. Made once a snapshot and client. */
import { blockContains, readBlock, type ByteBlock } from '../../wire/ip-block.ts';
import { bestNameMatch } from '../../wire/name-match.ts';
import type {
  CompiledListener,
  CompiledRoutes,
  ForwardAction,
  Route,
  TcpChain,
  VirtualHost,
} from './compiled-routes.ts';
import { ANY_ADDRESS } from './listeners.ts';
import { isPlainRoute } from './plain-route.ts';
import type { ForwardDecision } from './route-decision.ts';

export interface RouteTable {
  readonly compiled: CompiledRoutes;
  readonly listeners: ReadonlyMap<string, ListenerTable>;
}

export interface ListenerTable {
  readonly listener: CompiledListener;
  /** null: HTTP is bytes like any other here. */
  readonly hosts: HostTable | null;
  readonly chains: readonly { chain: TcpChain; blocks: readonly ByteBlock[] }[];
}

export interface HostTable {
  readonly exact: ReadonlyMap<string, PreparedHost>;
  /** `.example.com`, longest first. */
  readonly suffixes: readonly (readonly [string, PreparedHost])[];
  readonly any: PreparedHost | null;
}

export interface PreparedHost {
  readonly routes: readonly Route[];
  /** What becomes of every request, where one route with one destination takes all. */
  readonly always: ForwardDecision | null;
}

export function prepareRoutes(compiled: CompiledRoutes): RouteTable {
  const listeners = new Map(
    compiled.listeners.map((listener) => [
      `${listener.address}:${listener.port}`,
      {
        listener,
        hosts: listener.http === null ? null : hostTable(listener.http, compiled),
        chains: listener.tcp.map((chain) => ({
          chain,
          blocks: chain.cidrs.flatMap((cidr) => readBlock(cidr) ?? []),
        })),
      },
    ]),
  );
  return { compiled, listeners };
}

/** That of the very address, else of the port; null: none, and only the policy for unknown hosts is left. */
export function listenerAt({ listeners }: RouteTable, address: string, port: number): ListenerTable | null {
  return listeners.get(`${address}:${port}`) ?? listeners.get(`${ANY_ADDRESS}:${port}`) ?? null;
}

/**
 * The chain for a destination address, the narrowest block, and in it for the server name of a ClientHello (null =
 * none was said), the most specific name; null: none, and only the policy is left. As in Envoy, what the name excludes
 * in the narrowest block is looked for in no wider one.
 */
export function chainFor(
  { chains }: ListenerTable,
  address: string,
  serverName: string | null,
): TcpChain | null {
  let narrowest = -2;
  let found: TcpChain[] = [];
  for (const { chain, blocks } of chains) {
    const bits = chain.cidrs.length === 0 ? -1 : widthOf(blocks, address);
    if (bits < narrowest || bits === -2) continue;
    if (bits > narrowest) found = [];
    narrowest = bits;
    found.push(chain);
  }
  const names = found.flatMap((chain) => chain.serverNames);
  const best = serverName === null ? null : bestNameMatch(names, serverName);
  const named = best === null ? undefined : found.find((chain) => chain.serverNames.includes(best));
  return named ?? found.find((chain) => chain.serverNames.length === 0) ?? null;
}

/** Of the narrowest block that has the address, in bits; -2 = none has. */
function widthOf(blocks: readonly ByteBlock[], address: string): number {
  return Math.max(-2, ...blocks.filter((block) => blockContains(block, address)).map(({ bits }) => bits));
}

/** Whether connections are told apart by what a ClientHello says. */
export function asksForServerNames({ chains }: ListenerTable): boolean {
  return chains.some(({ chain }) => chain.serverNames.length > 0);
}

/** Whether a chain is for the name. */
export function hasServerName({ chains }: ListenerTable, name: string): boolean {
  return chains.some(({ chain }) => bestNameMatch(chain.serverNames, name) !== null);
}

function hostTable(hosts: readonly VirtualHost[], compiled: CompiledRoutes): HostTable {
  const exact = new Map<string, PreparedHost>();
  const suffixes: [string, PreparedHost][] = [];
  let any: PreparedHost | null = null;
  for (const { domains, routes } of hosts) {
    const prepared = { routes, always: alwaysOf(routes, compiled) };
    for (const domain of domains) {
      if (domain === '*') any ??= prepared;
      else if (domain.startsWith('*')) suffixes.push([domain.slice(1), prepared]);
      else if (!exact.has(domain)) exact.set(domain, prepared);
    }
  }
  return { exact, suffixes: suffixes.toSorted(([one], [other]) => other.length - one.length), any };
}

function alwaysOf([route]: readonly Route[], compiled: CompiledRoutes): ForwardDecision | null {
  if (route === undefined || route.action.kind !== 'forward') return null;
  const { path, headers, query } = route.match;
  const all = path.kind === 'prefix' && path.value === '/' && headers.length === 0 && query.length === 0;
  const [destination, ...others] = route.action.destinations;
  if (!all || destination === undefined || others.length > 0) return null;
  return forwardTo(route, route.action, destination, compiled);
}

/** The decision for one destination of a route. */
export function forwardTo(
  route: Route,
  action: ForwardAction,
  destination: ForwardAction['destinations'][number],
  { clusters }: CompiledRoutes,
): ForwardDecision {
  const cluster = Object.hasOwn(clusters, destination.cluster)
    ? (clusters[destination.cluster] ?? null)
    : null;
  return {
    kind: 'forward',
    route,
    action,
    destination,
    cluster,
    plain: isPlainRoute(route, action, cluster),
  };
}
