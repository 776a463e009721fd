/** Routes for tests of policy/routes: objects and a few services in, what one client's sidecar is told out. */
import type { PolicyObject } from '../../model/policy-object.ts';
import { chooseRoute } from '../../policy/routes/choose-route.ts';
import { compileRoutes, routingWorld, type RoutesConfig } from '../../policy/routes/compile-routes.ts';
import type { Cluster, CompiledRoutes, ForwardAction, Route } from '../../policy/routes/compiled-routes.ts';
import type { RouteDecision, RoutedRequest } from '../../policy/routes/route-decision.ts';
import { kubernetesService, type RouteService } from '../../policy/routes/route-services.ts';
import { listenerAt, prepareRoutes } from '../../policy/routes/route-table.ts';
import type { RouteClient } from '../../policy/routes/sidecar-scope.ts';
import { policies } from './policies.ts';

/** A service of the mesh with a port 80 and one meshed endpoint, v1. */
export function service(host: string, over: Partial<RouteService> = {}): RouteService {
  const [name = '', namespace = ''] = host.split('.');
  const plain = kubernetesService({
    host,
    namespace,
    addresses: ['10.96.0.1'],
    ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'http' }],
    subjectAltNames: [`spiffe://cluster.local/ns/${namespace}/sa/${name}`],
    endpoints: [
      {
        address: '10.1.0.1',
        ports: {},
        labels: { version: 'v1' },
        weight: 1,
        meshed: true,
        instance: `${name}-1`,
      },
    ],
  });
  return { ...plain, ...over };
}

export const REVIEWS = 'reviews.shop.svc.cluster.local';
export const RATINGS = 'ratings.shop.svc.cluster.local';
export const CART = 'cart.billing.svc.cluster.local';
export const SERVICES = [
  service(REVIEWS),
  service(RATINGS, { addresses: ['10.96.0.2'] }),
  service(CART, { addresses: ['10.96.0.3'] }),
];
/** What a route without retries of its own gets from istiod. */
export const ISTIO_RETRIES: NonNullable<ForwardAction['retry']> = {
  attempts: 2,
  on: ['connect-failure', 'refused-stream', 'unavailable', 'cancelled', 'retriable-status-codes'],
  statuses: [],
  perTryTimeoutMs: 0,
  backoffMs: 25,
  avoidPrevious: true,
};
export const WEB: RouteClient = { namespace: 'shop', labels: { app: 'web' } };

/** One object: JSON is YAML. */
export function object(kind: string, spec: object, metadata: object = {}): string {
  const apiVersion = kind.endsWith('Route') ? 'gateway.networking.k8s.io/v1' : 'networking.istio.io/v1';
  return JSON.stringify({
    apiVersion,
    kind,
    metadata: { name: 'one', namespace: 'shop', ...metadata },
    spec,
  });
}

export function objects(...texts: readonly string[]): PolicyObject[] {
  return policies(texts.join('\n---\n'));
}

export interface Setting {
  client?: RouteClient;
  services?: readonly RouteService[];
  config?: Partial<RoutesConfig>;
}

/** What `client` is told of `texts`. */
export function told(texts: readonly string[], setting: Setting = {}): CompiledRoutes {
  const { client = WEB, services = SERVICES, config } = setting;
  const world = routingWorld(objects(...texts), services, {
    rootNamespace: 'istio-system',
    outboundTrafficPolicy: 'REGISTRY_ONLY',
    grpcRoutes: 'applied',
    ...config,
  });
  return compileRoutes(world, client);
}

/** The routes by which `host` is reached at `port`; none when nobody has it. */
export function routesOf(compiled: CompiledRoutes, host: string, port = 80): Route[] {
  const listener = compiled.listeners.find((one) => one.port === port && one.http !== null);
  return listener?.http?.find(({ domains }) => domains.includes(host))?.routes ?? [];
}

/** The only route of a VirtualService for `reviews`, as a client at port 80 is told of it. */
export function route(http: object, setting: Setting = {}): Route {
  const written = { route: [{ destination: { host: 'ratings' } }], ...http };
  const compiled = told([object('VirtualService', { hosts: ['reviews'], http: [written] })], setting);
  return onlyRoute(compiled, REVIEWS);
}

/** The route by which `host` is reached at port 80, where there is one. */
export function onlyRoute(compiled: CompiledRoutes, host: string): Route {
  const [only, ...others] = routesOf(compiled, host);
  if (only === undefined || others.length > 0) throw new Error(`${others.length} more routes`);
  return only;
}

export function forward({ action }: Route): ForwardAction {
  if (action.kind !== 'forward') throw new Error(action.kind);
  return action;
}

/** `host`'s cluster at port 80, as `rule` has it. */
export function cluster(
  rule: object,
  { host = REVIEWS, subset = '', ...setting }: Setting & { host?: string; subset?: string } = {},
): Cluster {
  const compiled = told([object('DestinationRule', { host, ...rule })], setting);
  const found = compiled.clusters[`outbound|80|${subset}|${host}`];
  if (found === undefined) throw new Error(Object.keys(compiled.clusters).join(' '));
  return found;
}

export function asked(over: Partial<RoutedRequest> = {}): RoutedRequest {
  return { method: 'GET', host: 'reviews', path: '/', headers: [], ...over };
}

/** What becomes of a request at `address` and `port`; null where no listener speaks HTTP. */
export function decided(
  compiled: CompiledRoutes,
  request: Partial<RoutedRequest> & { port?: number; draw?: number } = {},
): RouteDecision | null {
  const { port = 80, draw = 0, ...over } = request;
  const hosts = listenerAt(prepareRoutes(compiled), '10.96.0.1', port)?.hosts ?? null;
  return hosts === null ? null : chooseRoute(hosts, compiled, asked(over), () => draw);
}

/** The cluster, or the kind of decision that has none. */
export function reached(...question: Parameters<typeof decided>): string | null {
  const decision = decided(...question);
  return decision?.kind === 'forward' ? decision.destination.cluster : (decision?.kind ?? null);
}
