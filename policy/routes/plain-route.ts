/** Which routes need nothing but to be sent on: what a fast lane may carry itself. */
import type { Cluster, ForwardAction, HeaderOperations, Route } from './compiled-routes.ts';

const DEFAULT_ATTEMPTS = 2;

/** Default retries, no timeout, one HTTP/1.1 cluster of the mesh's own endpoints, and no change but Envoy's headers. */
export function isPlainRoute(route: Route, action: ForwardAction, cluster: Cluster | null): boolean {
  return (
    cluster !== null &&
    isPlainCluster(cluster) &&
    action.destinations.length === 1 &&
    action.timeoutMs === 0 &&
    isDefaultRetry(action.retry) &&
    action.host === null &&
    action.path === null &&
    action.mirrors.length === 0 &&
    action.hash === null &&
    route.fault === null &&
    route.cors === null &&
    isNothing(route.requestHeaders) &&
    isNothing(route.responseHeaders)
  );
}

/** `attempts` alone tells: other conditions are asked for with a policy of their own. */
function isDefaultRetry(retry: ForwardAction['retry']): boolean {
  return (
    retry !== null &&
    retry.attempts === DEFAULT_ATTEMPTS &&
    retry.perTryTimeoutMs === 0 &&
    retry.statuses.length === 0 &&
    retry.on.includes('connect-failure') &&
    !retry.on.some((condition) => ['5xx', 'gateway-error', 'reset', 'retriable-4xx'].includes(condition))
  );
}

function isPlainCluster({ protocol, discovery, endpoints, tls, outlier, balance, pool }: Cluster): boolean {
  return (
    (protocol === 'http1' || protocol === 'auto') &&
    discovery === 'endpoints' &&
    endpoints.every(({ instance }) => instance !== null) &&
    (tls.mode === 'DISABLE' || tls.mode === 'ISTIO_MUTUAL') &&
    outlier === null &&
    (balance.kind === 'least-request' || balance.kind === 'round-robin') &&
    pool.maxRequestsPerConnection > 1_000_000
  );
}

export function isNothing({ remove, change }: HeaderOperations): boolean {
  return remove.length === 0 && change.length === 0;
}
