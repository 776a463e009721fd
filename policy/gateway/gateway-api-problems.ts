/** What is wrong with Gateways of the Gateway API, and with routes whose parents they are. */
import { closest } from '../../model/closest.ts';
import { gatewayApiGatewaySchema } from '../../model/istio/gateway-api-gateway.ts';
import { positionOf, type PolicyObject } from '../../model/policy-object.ts';
import type { Problem } from '../../model/problem.ts';
import { apiGateways, GATEWAY_CLASS, unservedListener } from './gateway-api-listeners.ts';
import {
  apiListeners,
  apiRoutes,
  refusalOf,
  type ApiListener,
  type ApiRoute,
} from './gateway-api-services.ts';

/** Each at its line. */
export function gatewayApiProblems(objects: readonly PolicyObject[]): Problem[] {
  const listeners = apiListeners(objects);
  const gateways = apiGateways(objects);
  return [
    ...gateways.flatMap(problemsOf),
    ...apiRoutes(objects).flatMap((route) => parentProblems(route, gateways, listeners)),
  ];
}

function problemsOf(object: PolicyObject): Problem[] {
  const { namespace, name } = object.metadata;
  const read = gatewayApiGatewaySchema.safeParse(object.written ?? object.spec);
  if (!read.success) return [];
  const { gatewayClassName, listeners } = read.data;
  if (gatewayClassName === 'istio-waypoint')
    return [
      {
        code: 'not-supported-yet',
        severity: 'error',
        message: `Gateway ${namespace}/${name}: waypoints are not run in this version`,
        at: positionOf(object, ['spec', 'gatewayClassName']),
      },
    ];
  if (gatewayClassName !== GATEWAY_CLASS)
    return [
      {
        code: 'gateway-not-run',
        severity: 'warning',
        message: `Gateway ${namespace}/${name} is of class ${gatewayClassName}: another controller than Istio serves it, and nobody here`,
        hint: `gatewayClassName: ${GATEWAY_CLASS} for one that Istio serves`,
        at: positionOf(object, ['spec', 'gatewayClassName']),
      },
    ];
  return listeners.flatMap((listener, index): Problem[] => {
    const unserved = unservedListener(listener, namespace);
    if (unserved === null) return [];
    return [
      {
        code: 'not-supported-yet',
        severity: 'error',
        message: `listener ${listener.name} of Gateway ${namespace}/${name}: ${unserved.why}`,
        at: positionOf(object, ['spec', 'listeners', index, ...unserved.path]),
      },
    ];
  });
}

function parentProblems(
  route: ApiRoute,
  gateways: readonly PolicyObject[],
  listeners: readonly ApiListener[],
): Problem[] {
  return route.parentRefs.flatMap((parent, index): Problem[] => {
    if (parent.kind !== 'Gateway') return [];
    const at = positionOf(route.object, ['spec', 'parentRefs', index]);
    const wanted = `${parent.namespace ?? route.namespace}/${parent.name}`;
    const known = gateways.map(({ metadata: { namespace, name } }) => `${namespace}/${name}`);
    const head = `${route.kind} ${route.namespace}/${route.name}`;
    if (!known.includes(wanted)) {
      const near = closest(wanted, known);
      return [
        {
          code: 'unknown-gateway',
          severity: 'warning',
          message: `${head} is for Gateway ${wanted}, which isn't among the policies: there its routes are served by nobody`,
          hint: near
            ? `did you mean ${near}?`
            : `Gateways of the Gateway API here: ${known.join(', ') || 'none'}`,
          at,
        },
      ];
    }
    const own = listeners.filter(({ namespace, gateway }) => `${namespace}/${gateway}` === wanted);
    const refusals = own.map((listener) => [listener.spec.name, refusalOf(route, parent, listener)] as const);
    if (own.length === 0 || refusals.some(([, why]) => why === null)) return [];
    return [
      {
        code: 'route-not-attached',
        severity: 'warning',
        message: `${head} is attached to no listener of Gateway ${wanted}, so nothing reaches its backends there`,
        hint: refusals.map(([name, why]) => `${name}: ${why}`).join('; '),
        at,
      },
    ];
  });
}
