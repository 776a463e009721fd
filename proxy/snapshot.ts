/**
 * What a data plane is handed: everything it needs to know of the mesh, versioned, plain JSON (it crosses a
 * worker's message port). A data plane answers each snapshot with ACK or NACK, as xDS has it, and keeps the
 * last one that it acknowledged in force.
 */
import type { InjectedFault } from '../model/injected-fault.ts';
import type { AppProtocol, PathNormalization } from '../model/mesh.ts';
import type { Problem } from '../model/problem.ts';
import type { CompiledPolicy } from '../policy/compiled-policy.ts';
import type { CompiledSignal } from '../policy/context-signals.ts';
import type { CompiledRateLimit } from '../policy/rate-limit.ts';
import type { CompiledValidation } from '../policy/request-validation.ts';
import type { GatewayPort } from '../policy/gateway/read-gateway.ts';
import type { CompiledRoutes } from '../policy/routes/compiled-routes.ts';
import type { KeySet } from '../policy/tokens/key-set.ts';

export type MtlsMode = 'STRICT' | 'PERMISSIVE' | 'DISABLE';
/** `istio`: what Istio's Envoy accepts, with findings; `spiffe`: what the SPIFFE standard asks. */
export type GateProfile = 'istio' | 'spiffe';

export interface InboundPort {
  /** Workload port, as policies see it. */
  port: number;
  protocol: AppProtocol;
  mtls: MtlsMode;
  /** Where to listen; port 0 = any free one, told in the ACK. */
  listen: { host: string; port: number };
  /** Where the application itself listens. */
  upstream: { host: string; port: number };
  /** AuthorizationPolicies and RequestAuthentications that apply to this workload and port. */
  policy: CompiledPolicy;
  /** The same of connections that aren't HTTP, at an `auto` port; absent = nothing but HTTP is let in there. */
  tcpPolicy?: CompiledPolicy;
  /** Asked after the policies, in this order; absent = none. */
  rateLimits?: readonly CompiledRateLimit[];
  validations?: readonly CompiledValidation[];
}

/**
 * `http-proxy`: HTTP_PROXY of a process. `address`: one destination outside of the mesh. `peer`: one peer's port; under docker every (virtual peer address,
 * port) is DNATed to such a listener, so the listener alone tells the original destination.
 */
export type OutboundListener =
  | { kind: 'http-proxy'; listen: { host: string; port: number } }
  | { kind: 'peer'; listen: { host: string; port: number }; service: string; port: number }
  | { kind: 'address'; listen: { host: string; port: number }; ip: string; port: number };

/** A port of a gateway: who is served there, and where to. */
export interface GatewayPortSnapshot {
  /** Servers and routes, as the mesh's objects have them; `at.port` is the workload port. */
  at: GatewayPort;
  listen: { host: string; port: number };
  /** Of HTTP, and of bytes where the port has nothing else. */
  policy: CompiledPolicy;
  /** Of bytes, at a port that has both; absent there = no bytes are let in. */
  tcpPolicy?: CompiledPolicy;
  /** What the gateway tells services of its clients; absent = nothing. */
  signals?: readonly CompiledSignal[];
  /** Asked after the policies, in this order; absent = none. */
  rateLimits?: readonly CompiledRateLimit[];
  validations?: readonly CompiledValidation[];
}

/** What a gateway shows its clients; `privateKeyPem` is never logged. */
export interface ServerCredentials {
  /** Leaf first. */
  certificateChainPem: string;
  privateKeyPem: string;
  /** Who signs for clients, PEM, or `mesh`: its own roots; absent = nobody, and no server asks for their certificates with it. */
  clientRootsPem?: readonly string[] | 'mesh';
}

/** What DestinationRules name and the project's files bring, by SDS name; `privateKeyPem` is never logged. */
export interface ClientSecrets {
  /** Leaf first. */
  certificates: Readonly<Record<string, { certificateChainPem: string; privateKeyPem: string }>>;
  /** PEM. */
  roots: Readonly<Record<string, readonly string[]>>;
}

export interface InstanceSnapshot {
  id: string;
  workload: string;
  namespace: string;
  spiffeId: string;
  podIp: string;
  credentials: {
    /** Leaf first. */
    certificateChainPem: string;
    /** Revealed here and nowhere else; never logged. */
    privateKeyPem: string;
  };
  inbound: InboundPort[];
  /** A gateway's ports; absent = it is none. */
  gateway?: GatewayPortSnapshot[];
  /** What a gateway shows its clients, by `credentialName`. */
  serverCredentials?: Readonly<Record<string, ServerCredentials>>;
  /** Absent = none: servers of rules that name any aren't reached. */
  clientSecrets?: ClientSecrets;
  outbound: OutboundListener[];
  /** Key of what it is told about the ways out, in `Snapshot.routes`; absent = every service by its own name. */
  routes?: string;
  /** Addresses that may use the outbound listeners besides loopback (docker: the container's own). */
  allowedOutboundPeers: string[];
  /**
   * Hex. The outbound listeners are behind a relay: a connection begins with a PROXY header that carries this, and
   * its source is who calls. Never logged; absent = whoever connects is who calls.
   */
  relaySecret?: string;
}

export interface ServiceSnapshot {
  /** Workload id. */
  id: string;
  /** Names by which callers know it: `orders`, `orders.shop`, `orders.shop.svc`, `orders.shop.svc.cluster.local`; the
   * short one only for callers of its own namespace. */
  name: string;
  namespace: string;
  clusterIp: string;
  ports: {
    port: number;
    targetPort: number;
    protocol: AppProtocol;
    /** An endpoint is an instance of this snapshot; the data plane knows its bound inbound address. */
    endpoints: { instance: string }[];
    /** What the client side does towards this port: mutual TLS unless the server's mode is DISABLE. */
    tls: 'ISTIO_MUTUAL' | 'DISABLE';
    /** Secure naming: the identities that the server may have. */
    expectedSpiffeIds: string[];
  }[];
}

export interface Snapshot {
  version: number;
  clockOffsetMs: number;
  trustDomain: string;
  trustDomainAliases: string[];
  /** Roots, PEM; more than one while a root rotates. */
  trustBundlePem: string[];
  gateProfile: GateProfile;
  /** Proxies in front of gateways whose X-Forwarded-For is believed; absent = 0. */
  numTrustedProxies?: number;
  pathNormalization: PathNormalization;
  outboundTrafficPolicy: 'REGISTRY_ONLY' | 'ALLOW_ANY';
  /** Keys by the `jwksUri` that rules name; null or absent = they can't be had, and no token by them is good. */
  keySets?: Readonly<Record<string, KeySet | null>>;
  /** OpenAPI documents by `openapiKey`; one that is missing or unusable lets nothing through. */
  openapi?: Readonly<Record<string, unknown>>;
  /** Hosts outside of the mesh that sidecars themselves ask, in plaintext: external authorizers. */
  externalHosts?: { host: string; port: number; address: { host: string; port: number } }[];
  instances: InstanceSnapshot[];
  services: ServiceSnapshot[];
  /** Routes of clients; those that are told the same share one. */
  routes?: Readonly<Record<string, CompiledRoutes>>;
  /** Where addresses outside of the mesh are played on this machine, by `ip:port`. */
  standIns?: Readonly<Record<string, { host: string; port: number }>>;
  /** Roots for servers outside of the mesh, PEM; absent = the machine's own. */
  publicRootsPem?: readonly string[];
  /** What a rehearsal injects while one of its scenarios runs; absent = nothing. */
  faults?: readonly InjectedFault[];
}

export interface BoundListener {
  instance: string;
  direction: 'inbound' | 'outbound';
  /** inbound: `<workload port>`; outbound: `http-proxy`, `<service>:<port>` or `<ip>:<port>`. */
  key: string;
  host: string;
  port: number;
}

export type SnapshotAnswer =
  | { kind: 'ack'; version: number; listeners: BoundListener[] }
  /** `inForce`: the version that stays; null = none, and then nothing passes. */
  | { kind: 'nack'; version: number; inForce: number | null; problems: Problem[] };
