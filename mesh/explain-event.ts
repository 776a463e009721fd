/** Why an event was judged as it was, computed again from its facts and the policies of its time. */
import type { Explanation } from '../model/decision.ts';
import type { Mesh } from '../model/mesh.ts';
import type { RequestFacts } from '../model/request-facts.ts';
import type { TrafficEvent } from '../model/traffic-event.ts';
import { explain } from '../policy/explain.ts';
import type { MeshPolicies } from './mesh-policies.ts';

const SCHEME = 'spiffe://';

/** null for an event that no policy judged: outbound, or refused before there was a request. */
export function explainEvent(
  event: TrafficEvent,
  mesh: Mesh,
  policies: MeshPolicies | undefined,
): Explanation | null {
  if (event.explanation) return event.explanation;
  const facts = factsOf(event);
  const owner =
    mesh.workloads.find(({ instances }) => instances.some(({ id }) => id === event.owner)) ??
    mesh.gateways?.find(({ instance }) => instance.id === event.owner);
  const compiled = owner && facts && policies?.[owner.id]?.[facts.connection.destinationPort];
  if (!compiled) return null;
  const policy = event.kind === 'tcp' ? (compiled.tcpPolicy ?? compiled.policy) : compiled.policy;
  return explain(policy, facts, event.decision);
}

function factsOf(event: TrafficEvent): RequestFacts | null {
  const { from, to, tls, request } = event;
  if (event.direction !== 'inbound' || to.port === null) return null;
  if (event.kind !== 'http' && event.kind !== 'tcp') return null;
  return {
    connection: {
      sourceIp: from.ip,
      destinationIp: to.ip,
      destinationPort: to.port,
      principal: from.spiffeId?.startsWith(SCHEME) ? from.spiffeId.slice(SCHEME.length) : null,
      sni: tls?.sni ?? null,
      mtls: tls?.mutual ?? false,
    },
    http: request && {
      protocol: request.protocol,
      method: request.method,
      path: request.path,
      rawPath: request.rawPath,
      host: request.host,
      headers: request.headers,
    },
    ...(request?.claims === undefined ? {} : { claims: request.claims }),
  };
}
