/**
 * The two sidecars that Istio would make of `web` calls `orders`, as one static configuration of a stock Envoy: the
 * connection managers' options, the filters and their order, TLS, retries and runtime flags are those that Istio 1.31's
 * own generator gave for such a mesh. Left out is what only istio-proxy has (telemetry, peer metadata, ALPN by filter).
 */

export interface EnvoyHop {
  name: string;
  protocol: 'http' | 'http2' | 'tcp';
  /** Where the client's sidecar listens. */
  outbound: number;
  /** Where the server's sidecar listens. */
  inbound: number;
  /** Where the application listens. */
  upstream: number;
}

export interface EnvoyFiles {
  root: string;
  web: { certificate: string; key: string };
  orders: { certificate: string; key: string };
}

/** Lets `principal` in with these methods and path prefixes; null lets everybody in. */
export interface EnvoyRules {
  principal: string;
  methods?: readonly string[];
  prefixes?: readonly string[];
}

export interface EnvoyPairConfig {
  hops: readonly EnvoyHop[];
  files: EnvoyFiles;
  rules: EnvoyRules | null;
}

const HTTP = 'type.googleapis.com/envoy.extensions.filters.http';
const NETWORK = 'type.googleapis.com/envoy.extensions.filters.network';
const TLS = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3';
const ORDERS = 'spiffe://cluster.local/ns/shop/sa/orders';

/** Envoy's `-c` file, as a value. */
export function envoyPairBootstrap({ hops, files, rules }: EnvoyPairConfig): object {
  return {
    node: { id: 'pair', cluster: 'pair' },
    staticResources: {
      listeners: hops.flatMap((hop) => [outboundListener(hop), inboundListener(hop, files, rules)]),
      clusters: hops.flatMap((hop) => [outboundCluster(hop, files), inboundCluster(hop)]),
    },
    layeredRuntime: {
      layers: [
        {
          name: 'istio',
          staticLayer: {
            'envoy.reloadable_features.coalesce_lb_rebuilds_on_batch_update': false,
            'envoy.reloadable_features.fixed_heap_use_allocated': true,
            'envoy.reloadable_features.http_reject_path_with_fragment': false,
            're2.max_program_size.error_level': '32768',
          },
        },
      ],
    },
  };
}

function outboundListener(hop: EnvoyHop): object {
  const base = {
    name: `outbound-${hop.name}`,
    address: address(hop.outbound),
    trafficDirection: 'OUTBOUND',
    listenerFiltersTimeout: '0s',
    continueOnListenerFiltersTimeout: true,
  };
  if (hop.protocol === 'tcp') return { ...base, filterChains: [{ filters: [tcpProxy(outboundName(hop))] }] };
  return {
    ...base,
    listenerFilters: [
      {
        name: 'envoy.filters.listener.http_inspector',
        typedConfig: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector',
        },
      },
    ],
    filterChains: [
      {
        filterChainMatch: { transportProtocol: 'raw_buffer', applicationProtocols: ['http/1.1', 'h2c'] },
        filters: [outboundManager(hop)],
      },
    ],
    defaultFilterChain: { filters: [tcpProxy('BlackHoleCluster')] },
  };
}

function outboundManager(hop: EnvoyHop): object {
  return manager({
    statPrefix: `outbound_${hop.name};`,
    routeConfig: {
      name: '80',
      validateClusters: false,
      ignorePortInHostMatching: true,
      maxDirectResponseBodySizeBytes: 1_048_576,
      virtualHosts: [
        {
          name: 'orders.shop.svc.cluster.local:80',
          domains: ['orders.shop.svc.cluster.local', 'orders', 'orders.shop', 'orders.shop.svc'],
          includeRequestAttemptCount: true,
          routes: [
            {
              name: 'default',
              match: { prefix: '/' },
              decorator: { operation: 'orders.shop.svc.cluster.local:80/*' },
              route: {
                cluster: outboundName(hop),
                timeout: '0s',
                maxGrpcTimeout: '0s',
                retryPolicy: {
                  retryOn: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
                  numRetries: 2,
                  hostSelectionRetryMaxAttempts: '5',
                  retryHostPredicate: [
                    {
                      name: 'envoy.retry_host_predicates.previous_hosts',
                      typedConfig: {
                        '@type':
                          'type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
                      },
                    },
                  ],
                },
              },
            },
          ],
        },
        {
          name: 'block_all',
          domains: ['*'],
          includeRequestAttemptCount: true,
          routes: [{ name: 'block_all', match: { prefix: '/' }, directResponse: { status: 502 } }],
        },
      ],
    },
    httpFilters: commonFilters(),
  });
}

function inboundListener(hop: EnvoyHop, files: EnvoyFiles, rules: EnvoyRules | null): object {
  const http = hop.protocol !== 'tcp';
  return {
    name: `inbound-${hop.name}`,
    address: address(hop.inbound),
    trafficDirection: 'INBOUND',
    listenerFiltersTimeout: '0s',
    continueOnListenerFiltersTimeout: true,
    maxConnectionsToAcceptPerSocketEvent: 1,
    listenerFilters: [
      {
        name: 'envoy.filters.listener.tls_inspector',
        typedConfig: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
        },
      },
    ],
    filterChains: [
      {
        filterChainMatch: { transportProtocol: 'tls' },
        filters: http ? [inboundManager(hop, rules)] : [...networkRules(rules), tcpProxy(inboundName(hop))],
        transportSocket: {
          name: 'envoy.transport_sockets.tls',
          typedConfig: {
            '@type': `${TLS}.DownstreamTlsContext`,
            requireClientCertificate: true,
            // Sessions aren't resumed on either side, as with every other peer.
            disableStatelessSessionResumption: true,
            disableStatefulSessionResumption: true,
            commonTlsContext: tlsContext(files.root, files.orders, {
              alpnProtocols: http ? ['h2', 'http/1.1'] : ['istio-peer-exchange', 'h2', 'http/1.1'],
              expected: { prefix: 'spiffe://cluster.local/' },
            }),
          },
        },
      },
    ],
  };
}

function inboundManager(hop: EnvoyHop, rules: EnvoyRules | null): object {
  return manager({
    statPrefix: `inbound_${hop.name};`,
    serverName: 'istio-envoy',
    forwardClientCertDetails: 'APPEND_FORWARD',
    setCurrentClientCertDetails: { subject: true, dns: true, uri: true },
    routeConfig: {
      name: 'inbound|8080||',
      validateClusters: false,
      virtualHosts: [
        {
          name: 'inbound|http|8080',
          domains: ['*'],
          routes: [
            {
              name: 'default',
              match: { prefix: '/' },
              decorator: { operation: 'orders.shop.svc.cluster.local:8080/*' },
              route: {
                cluster: inboundName(hop),
                timeout: '0s',
                retryPolicy: { retryOn: 'reset-before-request', numRetries: 2 },
                maxStreamDuration: { maxStreamDuration: '0s', grpcTimeoutHeaderMax: '0s' },
              },
            },
          ],
        },
      ],
    },
    httpFilters: [
      ...(rules === null
        ? []
        : [
            {
              name: 'envoy.filters.http.rbac',
              typedConfig: {
                '@type': `${HTTP}.rbac.v3.RBAC`,
                rules: rbac(rules),
                shadowRulesStatPrefix: 'istio_dry_run_allow_',
              },
            },
          ]),
      ...commonFilters(),
    ],
  });
}

function manager(own: object): object {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typedConfig: {
      '@type': `${NETWORK}.http_connection_manager.v3.HttpConnectionManager`,
      // Without it an inbound connection manager would leave its neighbour's decorator field in the request.
      tracing: {
        clientSampling: { value: 100 },
        randomSampling: { value: 1 },
        overallSampling: { value: 100 },
      },
      streamIdleTimeout: '0s',
      useRemoteAddress: false,
      proxy100Continue: true,
      upgradeConfigs: [{ upgradeType: 'websocket' }],
      normalizePath: true,
      pathWithEscapedSlashesAction: 'KEEP_UNCHANGED',
      requestIdExtension: {
        typedConfig: {
          '@type': 'type.googleapis.com/envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig',
          useRequestIdForTraceSampling: true,
        },
      },
      ...own,
    },
  };
}

function commonFilters(): object[] {
  return [
    {
      name: 'envoy.filters.http.grpc_stats',
      typedConfig: {
        '@type': `${HTTP}.grpc_stats.v3.FilterConfig`,
        emitFilterState: true,
        statsForAllMethods: false,
      },
    },
    { name: 'envoy.filters.http.fault', typedConfig: { '@type': `${HTTP}.fault.v3.HTTPFault` } },
    { name: 'envoy.filters.http.cors', typedConfig: { '@type': `${HTTP}.cors.v3.Cors` } },
    { name: 'envoy.filters.http.router', typedConfig: { '@type': `${HTTP}.router.v3.Router` } },
  ];
}

function networkRules(rules: EnvoyRules | null): object[] {
  if (rules === null) return [];
  return [
    {
      name: 'envoy.filters.network.rbac',
      typedConfig: {
        '@type': `${NETWORK}.rbac.v3.RBAC`,
        rules: rbac({ principal: rules.principal }),
        statPrefix: 'tcp.',
      },
    },
  ];
}

/** An ALLOW policy as Istio writes it for Envoy. */
function rbac({ principal, methods = [], prefixes = [] }: EnvoyRules): object {
  const method = methods.map((exact) => ({ header: { name: ':method', stringMatch: { exact } } }));
  const path = prefixes.map((prefix) => ({ urlPath: { path: { prefix } } }));
  const clauses = [method, path].filter(({ length }) => length > 0).map((rules) => ({ orRules: { rules } }));
  const permission = clauses.length === 0 ? { any: true } : { andRules: { rules: clauses } };
  const identity = { authenticated: { principalName: { exact: `spiffe://${principal}` } } };
  return {
    policies: {
      'ns[shop]-policy[allow-web]-rule[0]': {
        permissions: [permission],
        principals: [{ andIds: { ids: [{ orIds: { ids: [identity] } }] } }],
      },
    },
  };
}

function tcpProxy(cluster: string): object {
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typedConfig: { '@type': `${NETWORK}.tcp_proxy.v3.TcpProxy`, statPrefix: cluster, cluster },
  };
}

function outboundCluster(hop: EnvoyHop, files: EnvoyFiles): object {
  const alpn = { http: ['istio-http/1.1', 'istio'], http2: ['istio-h2', 'istio', 'h2'], tcp: ['istio'] };
  return {
    ...staticCluster(outboundName(hop), hop.inbound),
    connectTimeout: '10s',
    lbPolicy: 'LEAST_REQUEST',
    commonLbConfig: { healthyPanicThreshold: {} },
    ...protocolOptions(hop),
    transportSocket: {
      name: 'envoy.transport_sockets.tls',
      typedConfig: {
        '@type': `${TLS}.UpstreamTlsContext`,
        sni: 'outbound_.80_._.orders.shop.svc.cluster.local',
        maxSessionKeys: 0,
        commonTlsContext: tlsContext(files.root, files.web, {
          alpnProtocols: ['istio-peer-exchange', ...alpn[hop.protocol]].slice(hop.protocol === 'tcp' ? 0 : 1),
          expected: { exact: ORDERS },
        }),
      },
    },
  };
}

function inboundCluster(hop: EnvoyHop): object {
  return { ...staticCluster(inboundName(hop), hop.upstream), connectTimeout: '10s', ...protocolOptions(hop) };
}

function protocolOptions({ protocol }: EnvoyHop): object {
  if (protocol !== 'http2') return {};
  return {
    typedExtensionProtocolOptions: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicitHttpConfig: { http2ProtocolOptions: {} },
      },
    },
  };
}

function staticCluster(name: string, port: number): object {
  const most = 4_294_967_295;
  return {
    name,
    type: 'STATIC',
    loadAssignment: {
      clusterName: name,
      endpoints: [{ lbEndpoints: [{ endpoint: { address: address(port) } }] }],
    },
    circuitBreakers: {
      thresholds: [{ maxConnections: most, maxPendingRequests: most, maxRequests: most, maxRetries: most }],
    },
  };
}

function tlsContext(
  root: string,
  own: { certificate: string; key: string },
  { alpnProtocols, expected }: { alpnProtocols: string[]; expected: object },
): object {
  return {
    alpnProtocols,
    tlsParams: { tlsMinimumProtocolVersion: 'TLSv1_2', tlsMaximumProtocolVersion: 'TLSv1_3' },
    tlsCertificates: [{ certificateChain: { filename: own.certificate }, privateKey: { filename: own.key } }],
    validationContext: { trustedCa: { filename: root }, matchSubjectAltNames: [expected] },
  };
}

function address(portValue: number): object {
  return { socketAddress: { address: '127.0.0.1', portValue } };
}

function outboundName({ name }: EnvoyHop): string {
  return `outbound|${name}`;
}

function inboundName({ name }: EnvoyHop): string {
  return `inbound|${name}`;
}
