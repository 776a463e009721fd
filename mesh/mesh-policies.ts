/**
 * The policies of a mesh, compiled for every port of every workload: what a snapshot carries, what a recording
 * keeps to explain its events later. Plain JSON.
 */
import type { AppProtocol, Mesh, MeshGateway, MeshPort, Workload } from '../model/mesh.ts';
import { formatProblem, type Problem } from '../model/problem.ts';
import { compilePolicies } from '../policy/compile.ts';
import type { CompiledPolicy } from '../policy/compiled-policy.ts';
import { type CompiledSignal, compileSignals } from '../policy/context-signals.ts';
import { clientCertificatesAt, gatewayPorts, kindsAt } from '../policy/gateway/gateway-ports.ts';
import { type CompiledRateLimit, compileRateLimits } from '../policy/rate-limit.ts';
import { type CompiledValidation, compileValidations } from '../policy/request-validation.ts';
import { mtlsModeOf, mtlsModes } from '../policy/peer-authentication.ts';
import type { MtlsMode } from '../proxy/snapshot.ts';

export interface PortPolicies {
  mtls: MtlsMode;
  policy: CompiledPolicy;
  /** Of connections that aren't HTTP, at a port that didn't say what it speaks, or a gateway's that has both. */
  tcpPolicy?: CompiledPolicy;
  /** What is asked after the policies; absent where nothing is. */
  rateLimits?: readonly CompiledRateLimit[];
  validations?: readonly CompiledValidation[];
  /** What a gateway tells the services; absent = nothing. */
  signals?: readonly CompiledSignal[];
}

/** By id of a workload or gateway, then by its port. */
export type MeshPolicies = Readonly<Record<string, Readonly<Record<number, PortPolicies>>>>;

export function compileMeshPolicies(mesh: Mesh): MeshPolicies {
  return Object.fromEntries([
    ...mesh.workloads.map((workload) => [workload.id, compileFor(mesh, workload)] as const),
    ...(mesh.gateways ?? []).map((gateway) => [gateway.id, compileForGateway(mesh, gateway)] as const),
  ]);
}

/** A workload's own ports, each once: two service ports may lead to one. */
export function workloadPorts(workload: Workload): MeshPort[] {
  const byTarget = new Map(workload.ports.toReversed().map((port) => [port.targetPort, port]));
  return [...byTarget.values()].sort((a, b) => a.targetPort - b.targetPort);
}

/** What keeps policies from being judged; where they apply, everything is denied. Each problem once. */
export function policyProblems(policies: MeshPolicies): Problem[] {
  const all = Object.values(policies).flatMap((ports) =>
    Object.values(ports).flatMap(({ policy, tcpPolicy }) => [
      ...(policy.invalid ?? []),
      ...(tcpPolicy?.invalid ?? []),
    ]),
  );
  return [...new Map(all.map((problem) => [formatProblem(problem), problem])).values()];
}

function compileFor(mesh: Mesh, workload: Workload): Record<number, PortPolicies> {
  const modes = mtlsModes(mesh.policies, workload, mesh.config);
  const { rootNamespace } = mesh.config;
  const rateLimits = compileRateLimits(mesh.policies, workload, rootNamespace);
  const validations = compileValidations(mesh.policies, workload, rootNamespace);
  const after = {
    ...(rateLimits.length === 0 ? {} : { rateLimits }),
    ...(validations.length === 0 ? {} : { validations }),
  };
  const policyAt = (port: number, protocol: AppProtocol): CompiledPolicy =>
    compilePolicies(mesh.policies, workload, { port, protocol }, mesh.config);
  return Object.fromEntries(
    workloadPorts(workload).map(({ targetPort, protocol }) => [
      targetPort,
      {
        mtls: mtlsModeOf(modes, targetPort),
        policy: policyAt(targetPort, protocol),
        ...(protocol === 'auto' ? { tcpPolicy: policyAt(targetPort, 'tcp') } : {}),
        ...after,
      },
    ]),
  );
}

/** `mtls` tells whether clients must show a certificate: no PeerAuthentication has a say at a gateway. */
function compileForGateway(mesh: Mesh, gateway: MeshGateway): Record<number, PortPolicies> {
  const { policies, config } = mesh;
  const rateLimits = compileRateLimits(policies, gateway, config.rootNamespace);
  const signals = compileSignals(policies, gateway, config);
  const validations = compileValidations(policies, gateway, config.rootNamespace);
  const besides = {
    ...(validations.length === 0 ? {} : { validations }),
    ...(rateLimits.length === 0 ? {} : { rateLimits }),
    ...(signals.length === 0 ? {} : { signals }),
  };
  const policyAt = (port: number, protocol: 'http' | 'tcp'): CompiledPolicy =>
    compilePolicies(policies, gateway, { port, protocol }, config);
  return Object.fromEntries(
    gatewayPorts(policies, gateway).map((port) => {
      const kinds = kindsAt(policies, gateway, port);
      const bytes = kinds.has('tls') || kinds.has('passthrough') || kinds.has('tcp');
      const http = kinds.has('http') || kinds.has('https') || !bytes;
      return [
        port,
        {
          mtls: clientCertificatesAt(policies, gateway, port),
          policy: policyAt(port, http ? 'http' : 'tcp'),
          ...(http && bytes ? { tcpPolicy: policyAt(port, 'tcp') } : {}),
          ...besides,
        },
      ];
    }),
  );
}
