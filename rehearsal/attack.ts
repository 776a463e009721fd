/** One attempt of a step: who connects where, what is sent, and what came back. */
import type { HttpStep, TlsStep } from '../model/scenario.ts';
import type { MeshPort, Workload } from '../model/mesh.ts';
import type { Session } from '../mesh/session.ts';
import { CERTIFICATE_FAULTS, type CertificateFault } from '../mesh/pki/leaf.ts';
import { openConnection, type Target } from './attackers/connect.ts';
import { exchange, type AttackAnswer } from './attackers/exchange.ts';
import { writeRequest, type AttackRequest } from './attackers/http-request.ts';
import { handshake, type AttackTls } from './attackers/tls-connection.ts';
import {
  ATTACKER,
  findWorkload,
  hostHeader,
  inboundListener,
  outboundListener,
  requirePort,
  requireWorkload,
  StepError,
} from './places.ts';

/** Where an attacker of no workload claims to be: an address of RFC 5737, none of the mesh's. */
export const OUTSIDE_IP = '203.0.113.66';

/** A step made ready: everything that doesn't change between its repetitions. */
export interface Attack {
  from: Workload | null;
  to: Workload;
  port: MeshPort;
  /** One line for the report. */
  sent: string;
  target: Target;
  /** Whether it leaves through the sidecar of `from`. */
  through: 'sidecar' | 'nobody';
  /** Instance of the gateway that it comes in by; null = none. */
  gateway: string | null;
  /** Address that the connection has in the model. */
  ip: string;
  tls: AttackTls | null;
  request: AttackRequest;
}

/** Server name that Istio's own clients send. */
function istioServerName(to: Workload, port: MeshPort): string {
  return `outbound_.${port.port}_._.${to.name}.${to.namespace}.svc.cluster.local`;
}

/** A certificate of the mesh for an attacker. */
export async function certificateOf(
  session: Session,
  spiffeId: string,
  fault: CertificateFault,
): Promise<AttackTls['certificate']> {
  const leaf = await session.issueLeaf({ spiffeId, fault });
  return { chainPem: leaf.certificateChainPem, privateKey: leaf.privateKey };
}

/** Makes an `http` step ready. */
export async function prepareHttp(session: Session, step: HttpStep): Promise<Attack> {
  const from = step.from === ATTACKER ? findWorkload(session, ATTACKER) : requireWorkload(session, step.from);
  const to = requireWorkload(session, step.to);
  const port = requirePort(to, step.port);
  const host = step.host ?? hostHeader(from, to, port);
  const request: AttackRequest = {
    method: step.method,
    target: step.path,
    host,
    headers: step.headers ?? {},
    body: step.body ?? null,
  };
  const line = `${step.method} ${step.path}`;
  const base = {
    from,
    to,
    port,
    through: 'nobody',
    gateway: null,
    ip: step.ip ?? from?.instances[0]?.podIp ?? OUTSIDE_IP,
  } as const;
  if (step.identity?.startsWith('spiffe://')) {
    const certificate = await certificateOf(session, step.identity, 'none');
    const tls: AttackTls = { certificate, alpn: ['istio'], serverName: istioServerName(to, port) };
    return {
      ...base,
      request,
      tls,
      target: inboundListener(session, to, port),
      sent: `${line} as ${step.identity}`,
    };
  }
  if (step.identity === 'none' || (step.identity === undefined && !from)) {
    return {
      ...base,
      request,
      tls: null,
      target: inboundListener(session, to, port),
      sent: `${line} in plaintext`,
    };
  }
  if (step.identity !== undefined || !from)
    throw new StepError(`identity: ${step.identity} is neither none nor a spiffe:// id`);
  const way = outboundListener(session, from, to, port);
  const target = way.form === 'absolute' ? `http://${host}${step.path}` : step.path;
  const place = { host: way.host, port: way.port };
  return {
    ...base,
    through: 'sidecar',
    request: { ...request, target },
    tls: null,
    target: place,
    sent: line,
  };
}

/** The fault that a step's `certificate` names. */
export function faultOf(certificate: string): CertificateFault {
  if (certificate === 'valid') return 'none';
  const found = CERTIFICATE_FAULTS.find((each) => each !== 'none' && each === certificate);
  if (found) return found;
  throw new StepError(
    `certificate: ${certificate} isn't known; there are valid, ${CERTIFICATE_FAULTS.join(', ')}`,
  );
}

/** Makes a `tls` step ready. */
export async function prepareTls(session: Session, step: TlsStep): Promise<Attack> {
  const from = step.from === undefined ? null : findWorkload(session, step.from);
  const to = requireWorkload(session, step.to);
  const port = requirePort(to, step.port);
  const other = session.mesh.workloads.find((each) => each.id !== to.id) ?? to;
  const spiffeId = step.san ?? (from ?? other).spiffeId;
  const certificate =
    step.certificate === 'none' ? null : await certificateOf(session, spiffeId, faultOf(step.certificate));
  const { method, path, headers } = step.request ?? { method: 'GET', path: '/', headers: undefined };
  return {
    from,
    to,
    port,
    through: 'nobody',
    gateway: null,
    ip: from?.instances[0]?.podIp ?? OUTSIDE_IP,
    sent: `TLS handshake, ${certificate ? `certificate ${step.certificate}` : 'no client certificate'}, then ${method} ${path}`,
    target: inboundListener(session, to, port),
    tls: { certificate, alpn: step.alpn, serverName: step.sni ?? istioServerName(to, port) },
    request: { method, target: path, host: hostHeader(from, to, port), headers: headers ?? {}, body: null },
  };
}

/** What `launch` is doing, for the message of a timeout. */
export interface Progress {
  waitingFor: string;
}

/** Connects, declares who it is, sends, and reads the answer. Rejects by `signal` or when nobody listens. */
export async function launch(
  session: Session,
  attack: Attack,
  marked: { tag: string; headers: Record<string, string> },
  progress: Progress,
  signal: AbortSignal,
): Promise<AttackAnswer> {
  const { target } = attack;
  const place = `${attack.to.id} (${target.host}:${target.port})`;
  progress.waitingFor = `a connection to ${place}`;
  const socket = await openConnection(
    target,
    async ({ address, port }) =>
      session.declareSource({ localAddress: address, localPort: port, ip: attack.ip, tag: marked.tag }),
    signal,
  );
  try {
    const bytes = writeRequest({
      ...attack.request,
      headers: { ...marked.headers, ...attack.request.headers },
    });
    if (!attack.tls) {
      progress.waitingFor = `the answer of ${place}`;
      return await exchange(socket, bytes, attack.request.method, signal);
    }
    progress.waitingFor = `the TLS handshake with ${place}`;
    const shaken = await handshake(socket, attack.tls, signal);
    if (shaken.kind === 'closed') return shaken;
    progress.waitingFor = `the answer of ${place} over TLS`;
    return await exchange(shaken.stream, bytes, attack.request.method, signal);
  } finally {
    socket.destroy();
  }
}
