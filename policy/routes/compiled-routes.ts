/**
 * What one client's sidecar knows about the ways out, as istiod would have told it: listeners with their virtual
 * hosts, TCP chains, and clusters. Plain JSON: it crosses a worker's message port, and clients that see the same
 * (namespace, and labels that any object asks for) share one.
 */
import type { Position } from '../../model/problem.ts';
import type { RegularExpression } from './regular-expression.ts';

export interface CompiledRoutes {
  listeners: CompiledListener[];
  /** By Istio's name, `outbound|80|v1|reviews.shop.svc.cluster.local`. */
  clusters: Record<string, Cluster>;
  /** The client's own: a Sidecar may say otherwise than the mesh. */
  outboundTrafficPolicy: 'REGISTRY_ONLY' | 'ALLOW_ANY';
}

/** Which object wrote a route, and where. */
export interface RouteSource {
  kind: 'VirtualService' | 'HTTPRoute' | 'GRPCRoute' | 'TLSRoute' | 'TCPRoute';
  namespace: string;
  name: string;
  /** Index in `spec.http` (`spec.tcp`, `spec.tls`, `spec.rules`) of that object. */
  index: number;
  at: Position;
}

export interface CompiledListener {
  /** The address that a client connects to; `0.0.0.0` is any. */
  address: string;
  port: number;
  /** Where connections that begin as HTTP are looked up; null: HTTP is bytes like any other here. */
  http: VirtualHost[] | null;
  /** Connections that aren't HTTP: by destination address, the narrowest block first, then by server name. */
  tcp: TcpChain[];
}

export interface TcpChain {
  /** Destination blocks; none = every address. */
  cidrs: string[];
  /** Server names that a ClientHello must say: names or `*.suffix`; none = whatever comes, TLS or not. */
  serverNames: string[];
  destinations: WeightedDestination[];
  /** Whether the client's address chooses the endpoint. */
  hashSourceIp: boolean;
  source: RouteSource | null;
}

export interface VirtualHost {
  /** Lower-case: names, `*.suffix` or `*`. */
  domains: string[];
  routes: Route[];
}

export interface Route {
  name: string;
  /** null: a service's own default route. */
  source: RouteSource | null;
  match: RouteMatch;
  /** `x-envoy-decorator-operation`; null for hosts that nobody knows. */
  operation: string | null;
  requestHeaders: HeaderOperations;
  responseHeaders: HeaderOperations;
  fault: Fault | null;
  cors: CorsPolicy | null;
  action: RouteAction;
}

/** How a text must look; `present` asks for nothing but to be there. */
export type TextMatch =
  | { kind: 'exact'; value: string }
  | { kind: 'prefix'; value: string }
  | { kind: 'regex'; value: RegularExpression }
  | { kind: 'present' };

export type PathMatch =
  | { kind: 'exact'; value: string }
  | { kind: 'prefix'; value: string }
  /** HTTPRoute: `/api` takes `/api` and `/api/…`, not `/apix`. */
  | { kind: 'segments'; value: string }
  | { kind: 'regex'; value: RegularExpression };

export interface RouteMatch {
  path: PathMatch;
  ignoreCase: boolean;
  /** Of `:method`, `:authority`, `:scheme` too. */
  headers: { name: string; match: TextMatch; inverted: boolean }[];
  query: { name: string; match: TextMatch }[];
}

export interface HeaderOperations {
  remove: string[];
  /** In order; values may hold commands (`%REQ(x-user)%`). */
  change: { name: string; value: string; append: boolean }[];
}

export interface Fault {
  /** Parts of a million. */
  delay: { ms: number; millionths: number } | null;
  abort: { kind: 'http' | 'grpc'; status: number; millionths: number } | null;
}

export interface CorsPolicy {
  allowOrigins: TextMatch[];
  allowMethods: string;
  allowHeaders: string;
  exposeHeaders: string;
  maxAge: string;
  allowCredentials: boolean;
  /** Whether a preflight from another origin goes to the service. */
  forwardUnmatched: boolean;
}

export type RouteAction =
  | { kind: 'direct-response'; status: number; body: string }
  | RedirectAction
  | ForwardAction
  /** An unknown host under REGISTRY_ONLY. */
  | { kind: 'unknown-host' }
  /** An unknown host under ALLOW_ANY: to the address that the client connected to. */
  | { kind: 'passthrough' };

export interface RedirectAction {
  kind: 'redirect';
  status: number;
  host: string | null;
  scheme: string | null;
  port: number | null;
  path: { kind: 'replace'; value: string } | { kind: 'prefix'; value: string } | null;
}

export interface WeightedDestination {
  cluster: string;
  weight: number;
  requestHeaders: HeaderOperations;
  responseHeaders: HeaderOperations;
  /** A Host of this destination alone. */
  host: string | null;
}

export interface ForwardAction {
  kind: 'forward';
  destinations: WeightedDestination[];
  /** Answer for a cluster that isn't there: 503, for an HTTPRoute 500. */
  notFoundStatus: 503 | 500;
  /** 0 = none. */
  timeoutMs: number;
  retry: RetryPolicy | null;
  host: string | null;
  path: PathRewrite | null;
  mirrors: { cluster: string; millionths: number }[];
  hash: HashKey | null;
}

export type PathRewrite =
  /** The matched prefix (or the whole path, where it wasn't matched by prefix) gives way to this. */
  { kind: 'prefix'; value: string } | { kind: 'regex'; pattern: RegularExpression; substitution: string };

export interface RetryPolicy {
  attempts: number;
  /** Envoy's conditions. */
  on: string[];
  statuses: number[];
  /** 0 = none. */
  perTryTimeoutMs: number;
  backoffMs: number;
  /** Whether a retry avoids endpoints that failed. */
  avoidPrevious: boolean;
}

export type HashKey =
  | { kind: 'header'; name: string }
  | { kind: 'cookie'; name: string; path: string; ttlSeconds: number | null; attributes: [string, string][] }
  | { kind: 'query'; name: string }
  | { kind: 'source-ip' };

/** Endpoints that are equal to a route, and how to reach them. */
export interface Cluster {
  /** Istio's name. */
  name: string;
  host: string;
  subset: string;
  port: number;
  /** `auto`: as the client's own connection. */
  protocol: 'http1' | 'http2' | 'tcp' | 'auto';
  /** `original-destination`: the address that the client connected to. */
  discovery: 'endpoints' | 'original-destination';
  /** Where a stand-in plays all original destinations. */
  standIn?: { host: string; port: number };
  endpoints: ClusterEndpoint[];
  balance: LoadBalancing;
  tls: ClusterTls;
  pool: ConnectionPool;
  outlier: OutlierDetection | null;
}

export interface ClusterEndpoint {
  /** `10.1.0.4:8080`, of a name where DNS finds it. */
  host: string;
  port: number;
  weight: number;
  /** Whether a sidecar of this mesh stands before it: label `security.istio.io/tlsMode: istio`. */
  meshed: boolean;
  /** The instance of this mesh; its sidecar's inbound address is asked of the data plane. */
  instance: string | null;
  /** Where a stand-in plays this endpoint. */
  standIn?: { host: string; port: number };
}

export type LoadBalancing =
  | { kind: 'round-robin' | 'least-request' | 'random' | 'passthrough' }
  | { kind: 'ring-hash'; minimumRingSize: number }
  | { kind: 'maglev'; tableSize: number };

export type ClusterTls =
  | { mode: 'DISABLE' }
  /** `auto`: where the endpoint has a sidecar, as without any DestinationRule. */
  | { mode: 'ISTIO_MUTUAL'; auto: boolean; sni: string; subjectAltNames: string[] }
  | {
      mode: 'SIMPLE';
      /** null: the request's Host. */
      sni: string | null;
      subjectAltNames: string[];
      verify: boolean;
      /** The server must be who the SNI says. */
      verifyHost: boolean;
      /** What the client shows, by its SDS name among the client's secrets; null = nothing. */
      certificate: string | null;
      /** Who signs for servers, the same; null = the machine's own roots. */
      roots: string | null;
    }
  /** In a cluster plaintext would be sent where the rule asks for TLS: here nobody is connected to. */
  | { mode: 'REFUSED'; reason: string };

export interface ConnectionPool {
  maxConnections: number;
  connectTimeoutMs: number;
  maxPendingRequests: number;
  maxRequests: number;
  maxRequestsPerConnection: number;
  maxRetries: number;
  /** 0 = none. */
  idleTimeoutMs: number;
}

export interface OutlierDetection {
  consecutive5xx: number;
  consecutiveGatewayErrors: number;
  consecutiveLocalOriginFailures: number;
  splitLocalOriginErrors: boolean;
  intervalMs: number;
  baseEjectionMs: number;
  maxEjectionPercent: number;
  minHealthPercent: number;
}
