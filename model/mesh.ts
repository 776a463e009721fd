/**
 * The mesh of a project, resolved: defaults filled, identities and addresses assigned. Immutable.
 * `buildMesh` makes it of a parsed `Project` and the parsed policy files.
 */
import type { BuildOptions, ContainerOptions } from './container.ts';
import type { ExtensionProvider } from './istio/extension-provider.ts';
import type { PolicyObject } from './policy-object.ts';
import type { Position, Problem } from './problem.ts';

/** `auto`: nobody said it, and the first bytes of each connection tell. */
export type AppProtocol = 'http' | 'http2' | 'grpc' | 'tcp' | 'tls' | 'auto';

export interface MeshPort {
  name: string;
  /** Service port, what callers dial. */
  port: number;
  /** Workload port, what policies see. */
  targetPort: number;
  /** By Istio's port-name rule (`http-api` is http) or appProtocol; unnamed = auto. */
  protocol: AppProtocol;
}

export interface Instance {
  /** `orders-0`, or `billing/payments-0` where another namespace has the same name. */
  id: string;
  workload: string;
  /** Stable pod address in the model (10.244.x.y), the same on every start. */
  podIp: string;
}

export interface Workload {
  /** Service name; unique within its namespace. */
  name: string;
  /** Unique in the mesh: `name`, or `namespace/name` where two namespaces share a name. */
  id: string;
  namespace: string;
  serviceAccount: string;
  /** `spiffe://<td>/ns/<ns>/sa/<sa>`. */
  spiffeId: string;
  labels: Readonly<Record<string, string>>;
  ports: readonly MeshPort[];
  /** Stable ClusterIP in the model (10.96.x.y). */
  clusterIp: string;
  instances: readonly Instance[];
  /** How it is run. */
  run: {
    command: readonly string[] | null;
    image: string | null;
    build: { context: string; dockerfile?: string; options?: BuildOptions } | null;
    /** host:port of a process that runs already (an IDE). */
    attach: string | null;
    environment: Readonly<Record<string, string>>;
    /** Absolute folder the command runs in. */
    cwd: string;
    /** What can say whether a request arrived, other than our proxy; see design.md, "Scenario file". */
    witness: { kind: 'echo'; path: string } | { kind: 'log' } | null;
    /** What its container gets beside; absent = nothing. */
    container?: ContainerOptions;
  };
  /** Further names by which it is called in its own namespace. */
  aliases?: readonly string[];
  /** Absent = none. */
  clientCredentials?: ClientCredentials;
  at: Position;
}

/** Files of what a gateway shows its clients. Absolute paths. */
export interface CredentialFiles {
  certificate: string;
  key: string;
  /** Who signs for the clients of MUTUAL servers; null = not said. */
  ca: string | null;
  at: Position;
}

/** Files of what a proxy shows servers by a DestinationRule, and of who signs for those. Absolute paths. */
export interface SecretFiles {
  /** null = it shows nothing. */
  pair: { certificate: string; key: string } | null;
  /** null = not said. */
  ca: string | null;
  at: Position;
}

/** What a proxy has for DestinationRules with certificates of one's own. */
export interface ClientCredentials {
  /** By `credentialName`. */
  secrets: Readonly<Record<string, SecretFiles>>;
  /** By path in the proxy's file system: the file or folder of this machine that stands there, absolute. */
  mounted: Readonly<Record<string, { path: string; at: Position }>>;
}

/** A gateway that runs here: one instance, no application behind its listeners. */
export interface MeshGateway {
  name: string;
  /** Unique among workloads, too. */
  id: string;
  namespace: string;
  serviceAccount: string;
  spiffeId: string;
  labels: Readonly<Record<string, string>>;
  instance: Instance;
  /** Port of a Gateway → port of loopback; others get any free one. */
  listen: Readonly<Record<number, number>>;
  /** By `credentialName`. */
  credentials: Readonly<Record<string, CredentialFiles>>;
  /** Names of credentials that the session issues, and whose clients the mesh's own roots sign for. */
  meshClients: readonly string[];
  /** Absent = none. */
  clientCredentials?: ClientCredentials;
  at: Position;
}

export type PathNormalization = 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES' | 'DEFAULT';

export interface MeshConfig {
  pathNormalization: PathNormalization;
  outboundTrafficPolicy: 'REGISTRY_ONLY' | 'ALLOW_ANY';
  rootNamespace: string;
  trustDomain: string;
  trustDomainAliases: readonly string[];
  numTrustedProxies: number;
  /** Authorizers of CUSTOM policies; absent where no data plane could ask them. */
  extensionProviders?: readonly ExtensionProvider[];
  /** The mesh's own services under their full names: where a provider's authorizer may be. */
  serviceHosts?: readonly { host: string; namespace: string }[];
}

export interface Mesh {
  name: string;
  /** Default namespace. */
  namespace: string;
  /** Absolute folder of greenroom.yaml. */
  root: string;
  config: MeshConfig;
  workloads: readonly Workload[];
  /** Absent = none. */
  gateways?: readonly MeshGateway[];
  policies: readonly PolicyObject[];
  /** OpenAPI documents that RequestValidations name, by the policy's file and theirs. */
  openapi?: Readonly<Record<string, unknown>>;
  /** Absolute paths of the files that its Compose services come from, with what those include and read: watched. */
  composeFiles?: readonly string[];
  /** What a reviewer would ask of their containers; changes no verdict. */
  containerFindings?: readonly Problem[];
  /** Absolute paths of scenario files, sorted. */
  scenarioFiles: readonly string[];
  /** Absolute paths of policy files, sorted: what is watched and what is exported as written. */
  policyFiles: readonly string[];
  /** Absolute paths of the folders where policy files are looked for, those without any included: watched. */
  policyFolders?: readonly string[];
}
