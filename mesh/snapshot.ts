/**
 * The mesh as the data plane is told it: a pure function of the mesh, what runs where, and who has which
 * certificate. Private keys are revealed here and nowhere else.
 */
import type { InjectedFault } from '../model/injected-fault.ts';
import type { Instance, Mesh, Workload } from '../model/mesh.ts';
import type {
  GateProfile,
  InboundPort,
  InstanceSnapshot,
  OutboundListener,
  Snapshot,
} from '../proxy/snapshot.ts';
import { type ClientSecrets, revealedSecrets } from './client-secrets.ts';
import { discoverServices } from './discovery.ts';
import type { GatewayCredentials } from './gateway-credentials.ts';
import { gatewayInstance } from './gateway-snapshot.ts';
import type { KeySets } from './jwks-source.ts';
import { compileMeshRoutes, type MeshRoutes } from './mesh-routes.ts';
import { type MeshPolicies, workloadPorts } from './mesh-policies.ts';
import type { IssuedLeaf } from './pki/leaf.ts';
import type { InstancePlacement } from './runtimes/runtime.ts';

export interface SnapshotInput {
  mesh: Mesh;
  policies: MeshPolicies;
  clockOffsetMs: number;
  trustBundlePem: readonly string[];
  gateProfile: GateProfile;
  /** By instance. */
  placements: ReadonlyMap<string, InstancePlacement>;
  credentials: ReadonlyMap<string, IssuedLeaf>;
  /** Instances that are down: no endpoints. */
  unavailable: ReadonlySet<string>;
  /** What gateways show their clients, by gateway; absent = nothing. */
  gatewayCredentials?: ReadonlyMap<string, GatewayCredentials>;
  /** What DestinationRules name, by workload and gateway; absent = nothing. */
  clientSecrets?: ReadonlyMap<string, ClientSecrets>;
  /** Keys of tokens by URI; absent = none. */
  keySets?: KeySets;
  /** What a rehearsal injects; absent = nothing. */
  faults?: readonly InjectedFault[];
}

export function buildSnapshot(version: number, input: SnapshotInput): Snapshot {
  const { mesh } = input;
  const routes = compileMeshRoutes(mesh, input.policies, input.unavailable);
  const { trustDomain, trustDomainAliases, pathNormalization, outboundTrafficPolicy } = mesh.config;
  return {
    version,
    clockOffsetMs: input.clockOffsetMs,
    trustDomain,
    trustDomainAliases: [...trustDomainAliases],
    trustBundlePem: [...input.trustBundlePem],
    gateProfile: input.gateProfile,
    pathNormalization,
    outboundTrafficPolicy,
    ...(mesh.openapi === undefined ? {} : { openapi: mesh.openapi }),
    ...(input.faults === undefined || input.faults.length === 0 ? {} : { faults: input.faults }),
    ...(input.keySets === undefined ? {} : { keySets: input.keySets }),
    ...(mesh.config.numTrustedProxies === 0 ? {} : { numTrustedProxies: mesh.config.numTrustedProxies }),
    instances: [
      ...mesh.workloads.flatMap((workload) =>
        workload.instances.map((instance) => instanceSnapshot(instance, workload, input, routes)),
      ),
      ...(mesh.gateways ?? []).map((gateway) =>
        gatewayInstance(gateway, {
          mesh,
          policies: input.policies,
          routes,
          leaf: known(input.credentials, gateway.instance.id),
          shown: input.gatewayCredentials?.get(gateway.id),
          clientSecrets: input.clientSecrets?.get(gateway.id),
        }),
      ),
    ],
    services: discoverServices(mesh, input.policies, input.unavailable),
    routes: routes.routes,
  };
}

function instanceSnapshot(
  instance: Instance,
  workload: Workload,
  input: SnapshotInput,
  routes: MeshRoutes,
): InstanceSnapshot {
  const placement = known(input.placements, instance.id);
  const leaf = known(input.credentials, instance.id);
  return {
    id: instance.id,
    workload: workload.id,
    namespace: workload.namespace,
    spiffeId: workload.spiffeId,
    podIp: instance.podIp,
    credentials: { certificateChainPem: leaf.certificateChainPem, privateKeyPem: leaf.privateKey.reveal() },
    inbound: inboundPorts(workload, placement, input.policies),
    ...revealedSecrets(input.clientSecrets?.get(workload.id)),
    outbound: outboundListeners(input.mesh, placement),
    routes: routes.keyOf(workload),
    allowedOutboundPeers: placement.allowedOutboundPeers,
    ...(placement.relaySecret === undefined ? {} : { relaySecret: placement.relaySecret }),
  };
}

function inboundPorts(
  workload: Workload,
  placement: InstancePlacement,
  policies: MeshPolicies,
): InboundPort[] {
  return workloadPorts(workload).map(({ targetPort, protocol }) => {
    const upstream = placement.upstreams.find(({ port }) => port === targetPort);
    const compiled = policies[workload.id]?.[targetPort];
    if (!upstream || !compiled)
      throw new Error(`${workload.id} has no ${upstream ? 'policy' : 'place'} for port ${targetPort}`);
    return {
      port: targetPort,
      protocol,
      ...compiled,
      listen: { host: placement.inboundHost, port: upstream.inboundPort ?? 0 },
      upstream: { host: upstream.host, port: upstream.upstreamPort },
    };
  });
}

/** A proxy for programs that know one, and a listener for each port of each service for those that don't. */
function outboundListeners(mesh: Mesh, { outboundHost }: InstancePlacement): OutboundListener[] {
  const listen = { host: outboundHost, port: 0 };
  return [
    { kind: 'http-proxy', listen },
    ...mesh.workloads.flatMap((peer) =>
      peer.ports.map(({ port }) => ({ kind: 'peer' as const, listen, service: peer.id, port })),
    ),
  ];
}

function known<T>(map: ReadonlyMap<string, T>, instance: string): T {
  const found = map.get(instance);
  if (found === undefined) throw new Error(`nothing is known of instance ${instance}`);
  return found;
}
