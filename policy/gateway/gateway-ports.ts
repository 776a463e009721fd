/** Which Gateways a gateway workload serves, and so at which ports it listens. */
import type { PolicyObject } from '../../model/policy-object.ts';
import { HTTP_PROTOCOLS, networkingObjects, selectsGateway, type GatewayWorkload } from './read-gateway.ts';

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
    .filter(({ spec }) => selectsGateway(spec.selector ?? {}, workload.labels))
    .flatMap(({ spec }) => spec.servers?.flatMap(({ port }) => port?.number ?? []) ?? []);
  return [...new Set(numbers)].toSorted((one, other) => one - other);
}

/** Whether a server speaks HTTP in plaintext. */
export function isPlaintextHttp({ port }: WrittenServer): boolean {
  return HTTP_PROTOCOLS.has((port?.protocol ?? '').toUpperCase());
}

/** Whether clients of a port show certificates: all must, some servers ask, nobody asks. */
export function clientCertificatesAt(
  objects: readonly PolicyObject[],
  workload: GatewayWorkload,
  port: number,
): 'STRICT' | 'PERMISSIVE' | 'DISABLE' {
  const modes = writtenGateways(objects)
    .filter(({ spec }) => selectsGateway(spec.selector ?? {}, workload.labels))
    .flatMap(({ spec }) => spec.servers?.filter((server) => server.port?.number === port) ?? [])
    .map((server) => (isPlaintextHttp(server) ? 'SIMPLE' : String(server.tls?.['mode'])));
  if (modes.every((mode) => mode === 'MUTUAL' || mode === 'ISTIO_MUTUAL')) return 'STRICT';
  return modes.every((mode) => mode === 'SIMPLE') ? 'DISABLE' : 'PERMISSIVE';
}
