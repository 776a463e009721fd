/**
 * `greenroom explain`: what would happen to a request between two workloads of a mesh, answered from the files
 * alone. The caller comes through its sidecar, with its own identity, unless told `plaintext`.
 */
import type { Decision, Explanation, Finding } from '../model/decision.ts';
import type { Mesh, MeshPort, Workload } from '../model/mesh.ts';
import type { HeaderList, HttpFacts, RequestFacts } from '../model/request-facts.ts';
import { unescapeUtf8 } from '../wire/path-normalization.ts';
import { compilePolicies } from './compile.ts';
import { explain } from './explain.ts';
import { findingsFor } from './findings.ts';
import { type CallingSide, judgeRequest } from './judge-request.ts';
import { mtlsModeOf, mtlsModes, mtlsRuleAt } from './peer-authentication.ts';
import { tokenFindings } from './tokens/token-findings.ts';
import type { TokenVerification } from './tokens/verify-token.ts';

/** What is asked; workloads by name or id. */
export interface RequestQuestion {
  from: string;
  to: string;
  /** Service port; default: the callee's first HTTP port, else its first. */
  port?: number;
  method: string;
  path: string;
  /** Names lower-case. */
  headers: HeaderList;
  connection: 'mtls' | 'plaintext';
}

export interface RequestAnswer {
  facts: RequestFacts;
  decision: Decision;
  explanation: Explanation;
  findings: Finding[];
}

/** The answer; null when a workload or the port doesn't exist. */
export async function explainRequest(
  mesh: Mesh,
  question: RequestQuestion,
  verification?: TokenVerification,
): Promise<RequestAnswer | null> {
  const from = findWorkload(mesh, question.from);
  const to = findWorkload(mesh, question.to);
  const port = to && findPort(to, question.port);
  if (!from || !to || !port) return null;
  const policy = compilePolicies(
    mesh.policies,
    to,
    { port: port.targetPort, protocol: port.protocol },
    mesh.config,
  );
  const mode = mtlsModeOf(mtlsModes(mesh.policies, to, mesh.config), port.targetPort);
  // A sidecar speaks mutual TLS to whoever takes it.
  const plaintext = question.connection === 'plaintext' || mode === 'DISABLE';
  const caller: CallingSide = { ip: podIpOf(from), tls: plaintext ? 'plaintext' : sidecarTls(from, port) };
  const modeBy = mtlsRuleAt(mesh.policies, to, mesh.config, port.targetPort);
  const called = { ip: podIpOf(to), port: port.targetPort, mode, modeBy, policy };
  const request =
    policy.protocol === 'tcp'
      ? null
      : {
          protocol: httpProtocol(port),
          method: question.method,
          path: unescapeUtf8(question.path),
          host: question.headers.find(([name]) => name === 'host')?.[1] ?? to.name,
          headers: question.headers.filter(([name]) => name !== 'host'),
        };
  const { facts, decision, tokens } = await judgeRequest(
    caller,
    called,
    request,
    mesh.config,
    verification === undefined ? {} : { verification },
  );
  return {
    facts,
    decision,
    explanation: explain(policy, facts, decision, tokens),
    findings: [...findingsFor(policy, facts, decision), ...tokenFindings(tokens, decision)],
  };
}

function findWorkload(mesh: Mesh, name: string): Workload | undefined {
  return (
    mesh.workloads.find(({ id }) => id === name) ?? mesh.workloads.find((workload) => workload.name === name)
  );
}

function findPort(workload: Workload, port: number | undefined): MeshPort | undefined {
  if (port !== undefined) return workload.ports.find((one) => one.port === port);
  return workload.ports.find((one) => one.protocol !== 'tcp' && one.protocol !== 'tls') ?? workload.ports[0];
}

function podIpOf(workload: Workload): string {
  return workload.instances[0]?.podIp ?? workload.clusterIp;
}

function sidecarTls(from: Workload, port: MeshPort): CallingSide['tls'] {
  const principal = from.spiffeId.replace(/^spiffe:\/\//, '');
  const alpn =
    port.protocol === 'tcp' || port.protocol === 'tls' ? ['istio-peer-exchange', 'istio'] : ['istio'];
  return { alpn, sni: null, certificate: { kind: 'valid', principal } };
}

function httpProtocol(port: MeshPort): HttpFacts['protocol'] {
  return port.protocol === 'http2' || port.protocol === 'grpc' ? port.protocol : 'http1';
}
