/** A gateway `ingress` in front of the pair of sidecar-pair.ts: its objects as a file has them, its part of a snapshot. */
import tls from 'node:tls';
import type { IssuedLeaf } from '../../mesh/pki/leaf.ts';
import type { PolicyObject } from '../../model/policy-object.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import {
  type GatewayPort,
  type GatewayWorkload,
  readGatewayPort,
} from '../../policy/gateway/read-gateway.ts';
import type { GatewayPortSnapshot, InstanceSnapshot } from '../../proxy/snapshot.ts';
import type { Pair } from './sidecar-pair.ts';

export const INGRESS = 'spiffe://cluster.local/ns/istio-system/sa/ingress';
export const INGRESS_WORKLOAD: GatewayWorkload & { serviceAccount: string } = {
  namespace: 'istio-system',
  labels: { istio: 'ingress' },
  serviceAccount: 'ingress',
};
/** Where a route goes that goes to the pair's `orders`. */
export const TO_ORDERS = [{ destination: { host: 'orders.shop.svc.cluster.local', port: { number: 80 } } }];

/** A Gateway or a VirtualService in the gateway's namespace. */
export function networkingObject(kind: string, name: string, spec: unknown): PolicyObject {
  const at = { file: 'gateway.yaml', line: 1, column: 1 };
  const metadata = { name, namespace: INGRESS_WORKLOAD.namespace, annotations: {}, labels: {} };
  return { apiVersion: 'networking.istio.io/v1', kind, metadata, spec, at, positions: {} };
}

/** A server of a Gateway; without `more` it has no TLS. */
export function gatewayServer(number: number, protocol: string, host: string, more?: object): object {
  return {
    port: { number, name: `p${number}-${host}`, protocol },
    hosts: [host],
    ...(more === undefined ? {} : { tls: more }),
  };
}

/** What a port of the gateway has besides its servers and where it listens. */
export type OfPort = Omit<GatewayPortSnapshot, 'at' | 'listen'>;

/** The instance `ingress-0`, which shows `own` as `shop` and as `partner`, there to clients of the mesh's roots. */
export function ingressInstance(
  own: IssuedLeaf,
  objects: readonly PolicyObject[],
  ports: readonly number[],
  ofPort: (port: number) => OfPort,
): InstanceSnapshot {
  const credentials = {
    certificateChainPem: own.certificateChainPem,
    privateKeyPem: own.privateKey.reveal(),
  };
  return {
    id: 'ingress-0',
    workload: 'ingress',
    namespace: INGRESS_WORKLOAD.namespace,
    spiffeId: INGRESS,
    podIp: '10.244.0.9',
    credentials,
    inbound: [],
    gateway: ports.map((port) => ({
      at: portOf(objects, port),
      listen: { host: '127.0.0.1', port: 0 },
      ...ofPort(port),
    })),
    serverCredentials: { shop: credentials, partner: { ...credentials, clientRootsPem: 'mesh' } },
    outbound: [],
    allowedOutboundPeers: [],
  };
}

/** What a client of the gateway's TLS shows besides a server name. */
export interface IngressClient {
  leaf?: IssuedLeaf | undefined;
  alpn?: string[];
}

/** A client at the gateway's port 443, which takes whatever certificate it is shown. */
export function tlsToIngress(
  pair: Pair,
  servername: string | undefined,
  { leaf, alpn = [] }: IngressClient = {},
): tls.TLSSocket {
  return tls.connect({
    ...pair.at('ingress-0', '443'),
    rejectUnauthorized: false,
    ALPNProtocols: alpn,
    ...(servername === undefined ? {} : { servername }),
    ...(leaf ? { cert: leaf.certificateChainPem, key: leaf.privateKey.reveal() } : {}),
  });
}

/** The first that the gateway told. */
export async function toldByIngress(pair: Pair): Promise<TrafficEvent | undefined> {
  return (await pair.seen()).find(({ owner }) => owner === 'ingress-0');
}

function portOf(objects: readonly PolicyObject[], port: number): GatewayPort {
  const at = readGatewayPort(objects, INGRESS_WORKLOAD, port);
  if (typeof at === 'string') throw new Error(at);
  return at;
}
