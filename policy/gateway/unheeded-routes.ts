/** What VirtualServices say to gateways that don't listen: routes that no server looks for, matches that narrow nothing. */
import { positionOf, type PolicyObject } from '../../model/policy-object.ts';
import type { Problem } from '../../model/problem.ts';
import { qualified } from '../routes/virtual-services.ts';
import { writtenGateways } from './gateway-ports.ts';
import { networkingObjects } from './read-gateway.ts';
import { serverKind, type ServerKind } from './server-kind.ts';

/** Which routes of VirtualServices a kind of server goes by. */
export const ROUTES_OF: Readonly<Record<ServerKind, 'http' | 'tcp' | 'tls'>> = {
  http: 'http',
  https: 'http',
  tls: 'tcp',
  tcp: 'tcp',
  passthrough: 'tls',
};

const WANTED = {
  http: 'servers of HTTP, and of HTTPS that end TLS',
  tcp: 'servers of TCP, and of TLS that end it',
  tls: 'servers with tls.mode PASSTHROUGH',
};

interface Written {
  gateways?: readonly string[];
  http?: readonly unknown[];
  tcp?: readonly WrittenRoute[];
  tls?: readonly WrittenRoute[];
}

interface WrittenRoute {
  match?: readonly (Readonly<Record<string, unknown>> & { gateways?: readonly string[] })[];
}

/** Each a warning at its place: the cluster doesn't heed them either. */
export function unheededRoutes(objects: readonly PolicyObject[]): Problem[] {
  const looksFor = new Map<string, Set<string>>();
  for (const { object, spec } of writtenGateways(objects)) {
    const kinds = (spec.servers ?? []).map(serverKind).filter((kind) => kind !== null);
    const { namespace, name } = object.metadata;
    looksFor.set(`${namespace}/${name}`, new Set(kinds.map((kind) => ROUTES_OF[kind])));
  }
  return networkingObjects(objects, 'VirtualService').flatMap((object) => {
    const written = (object.written ?? object.spec) as Written;
    const named = (written.gateways ?? []).map((one) => qualified(one, object.metadata.namespace));
    if (!named.some((one) => one !== 'mesh')) return [];
    const known = named.filter((one) => looksFor.has(one));
    return [
      ...(['http', 'tcp', 'tls'] as const).flatMap((field): Problem[] => {
        if ((written[field] ?? []).length === 0 || named.includes('mesh') || known.length === 0) return [];
        if (known.some((one) => looksFor.get(one)?.has(field))) return [];
        return [unused(object, field, known)];
      }),
      ...(['tcp', 'tls'] as const).flatMap((field) =>
        (written[field] ?? []).flatMap(({ match = [] }, route) =>
          match.flatMap((one, index) => narrowsNothing(object, one, [field, route, 'match', index])),
        ),
      ),
    ];
  });
}

function unused(object: PolicyObject, field: 'http' | 'tcp' | 'tls', gateways: readonly string[]): Problem {
  const { namespace, name } = object.metadata;
  return {
    code: 'gateway-routes-unused',
    severity: 'warning',
    message: `VirtualService ${namespace}/${name} has ${field} routes, and no server of Gateway ${gateways.join(', ')} looks for them`,
    hint: `${field} routes are for ${WANTED[field]}`,
    at: positionOf(object, ['spec', field]),
  };
}

/** Istio asks a gateway's own port and name, and the ClientHello; it asks nothing of where a connection comes from. */
function narrowsNothing(
  object: PolicyObject,
  match: Readonly<Record<string, unknown>> & { gateways?: readonly string[] },
  path: readonly (string | number)[],
): Problem[] {
  if (match.gateways?.every((one) => one === 'mesh') === true && match.gateways.length > 0) return [];
  const { namespace, name } = object.metadata;
  return ['sourceLabels', 'sourceNamespace', 'destinationSubnets']
    .filter((field) => match[field] !== undefined)
    .map((field) => ({
      code: 'gateway-match-ignored',
      severity: 'warning',
      message: `VirtualService ${namespace}/${name}: at a gateway ${field} of a match narrows nothing: Istio looks at port, gateways and sniHosts only`,
      hint: 'an AuthorizationPolicy at the gateway tells who may come in (ipBlocks, connection.sni)',
      at: positionOf(object, ['spec', ...path, field]),
    }));
}
