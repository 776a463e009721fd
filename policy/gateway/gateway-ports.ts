/** Which Gateways a gateway workload serves, and so at which ports it listens. */
import type { PolicyObject } from '../../model/policy-object.ts';
import { networkingObjects, selectsGateway, type GatewayWorkload } from './read-gateway.ts';
import { serverKind, type ServerKind } from './server-kind.ts';

/** A server as written: whatever isn't read here is left for `gatewayProblems` to tell. */
export interface WrittenServer {
  port?: { number?: number; name?: string; protocol?: string };
  hosts?: readonly string[];
  tls?: Readonly<Record<string, unknown>>;
}

export interface WrittenGateway {
  selector?: Readonly<Record<string, string>>;
  servers?: readonly WrittenServer[];
}

/** Gateway objects, with their specs as written. */
export function writtenGateways(
  objects: readonly PolicyObject[],
): { object: PolicyObject; spec: WrittenGateway }[] {
  return networkingObjects(objects, 'Gateway').map((object) => ({
    object,
    spec: (object.written ?? object.spec) as WrittenGateway,
  }));
}

/** Ports of the servers that the workload is selected for, rising. */
export function gatewayPorts(objects: readonly PolicyObject[], workload: GatewayWorkload): number[] {
  const numbers = writtenGateways(objects)
    .filter(({ spec }) => selectsGateway(spec.selector ?? {}, workload))
    .flatMap(({ spec }) => spec.servers?.flatMap(({ port }) => port?.number ?? []) ?? []);
  return [...new Set(numbers)].toSorted((one, other) => one - other);
}

/** What the servers of a port do, each kind once; those that aren't served here are left out. */
export function kindsAt(
  objects: readonly PolicyObject[],
  workload: GatewayWorkload,
  port: number,
): ReadonlySet<ServerKind> {
  const kinds = serversAt(objects, workload, port).map(serverKind);
  return new Set(kinds.filter((kind) => kind !== null));
}

/** Whether clients of a port show certificates: all must, some servers ask, nobody asks. */
export function clientCertificatesAt(
  objects: readonly PolicyObject[],
  workload: GatewayWorkload,
  port: number,
): 'STRICT' | 'PERMISSIVE' | 'DISABLE' {
  const modes = serversAt(objects, workload, port).map((server) => {
    const kind = serverKind(server);
    return kind === 'https' || kind === 'tls' ? String(server.tls?.['mode']) : 'SIMPLE';
  });
  if (modes.every((mode) => mode === 'MUTUAL' || mode === 'ISTIO_MUTUAL')) return 'STRICT';
  return modes.every((mode) => mode === 'SIMPLE') ? 'DISABLE' : 'PERMISSIVE';
}

function serversAt(
  objects: readonly PolicyObject[],
  workload: GatewayWorkload,
  port: number,
): WrittenServer[] {
  return writtenGateways(objects)
    .filter(({ spec }) => selectsGateway(spec.selector ?? {}, workload))
    .flatMap(({ spec }) => spec.servers?.filter((server) => server.port?.number === port) ?? []);
}
