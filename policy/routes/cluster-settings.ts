/** Balancing, pools and outlier detection of a DestinationRule, with Istio's defaults. */
import type {
  ConsistentHashSpec,
  DestinationRuleSpec,
  LoadBalancerSpec,
  OutlierSpec,
  TrafficSettings,
} from '../../model/istio/destination-rule.ts';
import { durationMs } from '../../model/istio/routing-values.ts';
import type { ConnectionPool, HashKey, LoadBalancing, OutlierDetection } from './compiled-routes.ts';

/** Istio's and Envoy's own. */
const UNBOUNDED = 4_294_967_295;
const MINIMUM_RING_SIZE = 1_024;
const MAGLEV_TABLE_SIZE = 65_537;
const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 3_600_000;

export function balanceOf(spec: LoadBalancerSpec | undefined): LoadBalancing {
  const hash = spec?.consistentHash;
  if (hash !== undefined) {
    if (hash.maglev !== undefined)
      return { kind: 'maglev', tableSize: hash.maglev.tableSize ?? MAGLEV_TABLE_SIZE };
    const size = hash.ringHash?.minimumRingSize ?? hash.minimumRingSize ?? 0;
    return { kind: 'ring-hash', minimumRingSize: size || MINIMUM_RING_SIZE };
  }
  switch (spec?.simple) {
    case 'ROUND_ROBIN':
      return { kind: 'round-robin' };
    case 'RANDOM':
      return { kind: 'random' };
    case 'PASSTHROUGH':
      return { kind: 'passthrough' };
    default:
      return { kind: 'least-request' };
  }
}

export function poolOf(spec: TrafficSettings['connectionPool']): ConnectionPool {
  const { tcp, http } = spec ?? {};
  const orUnbounded = (value: number | undefined): number => value || UNBOUNDED;
  const connectMs = tcp?.connectTimeout === undefined ? 0 : durationMs(tcp.connectTimeout);
  return {
    maxConnections: orUnbounded(tcp?.maxConnections),
    connectTimeoutMs: connectMs || CONNECT_TIMEOUT_MS,
    maxPendingRequests: orUnbounded(http?.http1MaxPendingRequests),
    maxRequests: orUnbounded(http?.http2MaxRequests),
    maxRequestsPerConnection: orUnbounded(http?.maxRequestsPerConnection),
    maxRetries: orUnbounded(http?.maxRetries),
    idleTimeoutMs: http?.idleTimeout === undefined ? IDLE_TIMEOUT_MS : durationMs(http.idleTimeout),
  };
}

export function outlierOf(spec: OutlierSpec | undefined): OutlierDetection | null {
  if (spec === undefined) return null;
  const ms = (text: string | undefined, otherwise: number): number =>
    text === undefined ? otherwise : durationMs(text) || otherwise;
  return {
    consecutive5xx: spec.consecutive5xxErrors ?? spec.consecutiveErrors ?? 5,
    consecutiveGatewayErrors: spec.consecutiveGatewayErrors ?? 0,
    consecutiveLocalOriginFailures: spec.consecutiveLocalOriginFailures ?? 5,
    splitLocalOriginErrors: spec.splitExternalLocalOriginErrors,
    intervalMs: ms(spec.interval, 10_000),
    baseEjectionMs: ms(spec.baseEjectionTime, 30_000),
    maxEjectionPercent: spec.maxEjectionPercent ?? 10,
    minHealthPercent: spec.minHealthPercent ?? 0,
  };
}

export function hashKeyOf(hash: ConsistentHashSpec | undefined): HashKey | null {
  if (hash === undefined) return null;
  if (hash.httpHeaderName) return { kind: 'header', name: hash.httpHeaderName.toLowerCase() };
  if (hash.httpQueryParameterName) return { kind: 'query', name: hash.httpQueryParameterName };
  if (hash.httpCookie !== undefined) {
    const { name, path, ttl, attributes } = hash.httpCookie;
    return {
      kind: 'cookie',
      name,
      path,
      ttlSeconds: ttl === undefined ? null : Math.floor(durationMs(ttl) / 1_000),
      attributes: attributes.map((one) => [one.name, one.value]),
    };
  }
  return hash.useSourceIp ? { kind: 'source-ip' } : null;
}

/** The hash that a destination asks for: of a subset's port, the subset, the port, or the whole service. */
export function hashOfDestination(
  rule: DestinationRuleSpec | null,
  { subset, port }: { subset: string; port: number | undefined },
): HashKey | null {
  if (rule === null) return null;
  const atPort = (policy: DestinationRuleSpec['trafficPolicy']): ConsistentHashSpec | undefined =>
    policy?.portLevelSettings.find((one) => one.port.number === port)?.loadBalancer?.consistentHash;
  const own = rule.subsets.find(({ name }) => name === subset)?.trafficPolicy;
  return hashKeyOf(
    atPort(own) ??
      own?.loadBalancer?.consistentHash ??
      atPort(rule.trafficPolicy) ??
      rule.trafficPolicy?.loadBalancer?.consistentHash,
  );
}
