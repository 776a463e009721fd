/** A gateway of the mesh as the data plane is told it: servers and routes at each port, certificates by name. */
import type { Mesh, MeshGateway } from '../model/mesh.ts';
import { type GatewayPort, readGatewayPort } from '../policy/gateway/read-gateway.ts';
import type { GatewayPortSnapshot, InstanceSnapshot, ServerCredentials } from '../proxy/snapshot.ts';
import { type ClientSecrets, revealedSecrets } from './client-secrets.ts';
import type { GatewayCredentials } from './gateway-credentials.ts';
import type { MeshPolicies } from './mesh-policies.ts';
import type { MeshRoutes } from './mesh-routes.ts';
import type { IssuedLeaf } from './pki/leaf.ts';

const LOOPBACK = '127.0.0.1';

export interface GatewayInput {
  mesh: Mesh;
  policies: MeshPolicies;
  routes: MeshRoutes;
  /** Its own identity towards the services of the mesh. */
  leaf: IssuedLeaf;
  /** What its clients are shown. */
  shown: GatewayCredentials | undefined;
  /** What it shows servers by DestinationRules. */
  clientSecrets: ClientSecrets | undefined;
}

/** One instance, with nothing behind it. */
export function gatewayInstance(gateway: MeshGateway, input: GatewayInput): InstanceSnapshot {
  const { routes, leaf, shown, clientSecrets } = input;
  return {
    id: gateway.instance.id,
    workload: gateway.id,
    namespace: gateway.namespace,
    spiffeId: gateway.spiffeId,
    podIp: gateway.instance.podIp,
    credentials: { certificateChainPem: leaf.certificateChainPem, privateKeyPem: leaf.privateKey.reveal() },
    inbound: [],
    gateway: portsOf(gateway, input),
    serverCredentials: revealed(shown ?? {}),
    ...revealedSecrets(clientSecrets),
    outbound: [],
    routes: routes.keyOfGateway(gateway),
    allowedOutboundPeers: [],
  };
}

function portsOf(gateway: MeshGateway, { mesh, policies, routes }: GatewayInput): GatewayPortSnapshot[] {
  return Object.entries(policies[gateway.id] ?? {}).map(([number, compiled]) => {
    const port = Number(number);
    const { policy, tcpPolicy, signals, rateLimits, validations } = compiled;
    return {
      at: readable(readGatewayPort(mesh.policies, gateway, port, routes.world)),
      listen: { host: LOOPBACK, port: gateway.listen[port] ?? 0 },
      policy,
      ...(tcpPolicy === undefined ? {} : { tcpPolicy }),
      ...(signals === undefined ? {} : { signals }),
      ...(rateLimits === undefined ? {} : { rateLimits }),
      ...(validations === undefined ? {} : { validations }),
    };
  });
}

/** What can't be read was told when the project was, and nothing was started. */
function readable(at: GatewayPort | string): GatewayPort {
  if (typeof at === 'string') throw new Error(`a gateway's port can't be served: ${at}`);
  return at;
}

function revealed(credentials: GatewayCredentials): Record<string, ServerCredentials> {
  return Object.fromEntries(
    Object.entries(credentials).map(([name, { certificateChainPem, privateKey, clientRootsPem }]) => [
      name,
      {
        certificateChainPem,
        privateKeyPem: privateKey.reveal(),
        ...(clientRootsPem === null ? {} : { clientRootsPem }),
      },
    ]),
  );
}
