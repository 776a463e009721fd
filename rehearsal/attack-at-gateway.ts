/** Steps that come in by a gateway: to one of its ports, over TLS where that port speaks it. */
import type { MeshGateway } from '../model/mesh.ts';
import type { HttpStep, TlsStep } from '../model/scenario.ts';
import type { Session } from '../mesh/session.ts';
import { asksForHello } from '../policy/gateway/gateway-connection.ts';
import { gatewayPorts } from '../policy/gateway/gateway-ports.ts';
import { readGatewayPort } from '../policy/gateway/read-gateway.ts';
import { withoutPort } from '../wire/name-match.ts';
import { type Attack, certificateOf, faultOf, OUTSIDE_IP } from './attack.ts';
import type { Target } from './attackers/connect.ts';
import type { AttackTls } from './attackers/tls-connection.ts';
import {
  ATTACKER,
  findGateway,
  findWorkload,
  hostHeader,
  requirePort,
  requireWorkload,
  StepError,
} from './places.ts';

/** Makes an `http` step with a `gateway` ready. */
export async function prepareAtGateway(
  session: Session,
  step: HttpStep & { gateway: string },
): Promise<Attack> {
  const from = step.from === ATTACKER ? findWorkload(session, ATTACKER) : requireWorkload(session, step.from);
  const to = requireWorkload(session, step.to);
  const gateway = requireGateway(session, step.gateway);
  const port = requirePort(to, undefined);
  const host = step.host ?? hostHeader(from, to, port);
  const entry = entryOf(session, gateway, step.port);
  return {
    from,
    to,
    port,
    through: 'nobody',
    gateway: gateway.instance.id,
    ip: step.ip ?? from?.instances[0]?.podIp ?? OUTSIDE_IP,
    sent: `${step.method} ${entry.tls ? 'https' : 'http'}://${host}${step.path} by ${gateway.id}`,
    target: entry.target,
    tls: entry.tls ? await tlsOf(session, step, host) : plaintext(step),
    request: {
      method: step.method,
      target: step.path,
      host,
      headers: step.headers ?? {},
      body: step.body ?? null,
    },
  };
}

/** Makes a `tls` step with a `gateway` ready. */
export async function prepareTlsAtGateway(
  session: Session,
  step: TlsStep & { gateway: string },
): Promise<Attack> {
  const from = step.from === undefined ? null : findWorkload(session, step.from);
  const to = requireWorkload(session, step.to);
  const gateway = requireGateway(session, step.gateway);
  const port = requirePort(to, undefined);
  const host = step.host ?? hostHeader(from, to, port);
  const entry = entryOf(session, gateway, step.port);
  if (!entry.tls) throw new StepError(`the port of gateway ${gateway.id} speaks plaintext`);
  const { certificate: named } = step;
  const spiffeId = step.san ?? (from ?? to).spiffeId;
  const certificate = named === 'none' ? null : await certificateOf(session, spiffeId, faultOf(named));
  const { method, path, headers } = step.request ?? { method: 'GET', path: '/', headers: undefined };
  const shown = certificate === null ? 'no client certificate' : `certificate ${named}`;
  return {
    from,
    to,
    port,
    through: 'nobody',
    gateway: gateway.instance.id,
    ip: from?.instances[0]?.podIp ?? OUTSIDE_IP,
    sent: `TLS handshake with ${gateway.id}, ${shown}, then ${method} ${path}`,
    target: entry.target,
    tls: { certificate, alpn: step.alpn, serverName: step.sni ?? withoutPort(host) },
    request: { method, target: path, host, headers: headers ?? {}, body: null },
  };
}

function requireGateway(session: Session, name: string): MeshGateway {
  const found = findGateway(session, name);
  if (found) return found;
  const all = session.mesh.gateways?.map(({ id }) => id).join(', ') ?? 'none';
  throw new StepError(`no gateway is called ${name}; gateways: ${all}`);
}

/** The port that is asked for, or the first with TLS, or the first. */
function entryOf(
  session: Session,
  gateway: MeshGateway,
  wanted: number | undefined,
): { target: Target; tls: boolean } {
  const { policies } = session.mesh;
  const ports = gatewayPorts(policies, gateway);
  const secured = (port: number): boolean => {
    const at = readGatewayPort(policies, gateway, port);
    return typeof at !== 'string' && asksForHello(at);
  };
  const port = wanted ?? ports.find(secured) ?? ports[0];
  const bound = session
    .listeners()
    .find((one) => one.instance === gateway.instance.id && one.key === String(port));
  if (port === undefined || !bound)
    throw new StepError(
      `gateway ${gateway.id} has no port ${port ?? ''}; its ports: ${ports.join(', ') || 'none'}`,
    );
  return { target: { host: bound.host, port: bound.port }, tls: secured(port) };
}

async function tlsOf(session: Session, { identity, sni }: HttpStep, host: string): Promise<AttackTls> {
  const shows = identity !== undefined && identity !== 'none';
  return {
    certificate: shows ? await certificateOf(session, identity, 'none') : null,
    alpn: ['http/1.1'],
    serverName: sni ?? withoutPort(host),
  };
}

function plaintext({ identity, sni }: HttpStep): null {
  if (sni !== undefined || (identity !== undefined && identity !== 'none'))
    throw new StepError('the port speaks plaintext: it is shown neither an sni nor an identity');
  return null;
}
