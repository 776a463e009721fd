/** VirtualServices that name gateways: which hosts they bring, and what of them a gateway doesn't do. */
import { virtualServiceSpecSchema } from '../../model/istio/gateway-routing.ts';
import { closest } from '../../model/closest.ts';
import { positionOf, type PolicyObject } from '../../model/policy-object.ts';
import type { Problem } from '../../model/problem.ts';
import { networkingObjects, qualified } from './read-gateway.ts';

interface WrittenService {
  gateways?: readonly string[];
  hosts?: readonly string[];
  http?: readonly Readonly<Record<string, unknown>>[];
}

/** VirtualServices of a gateway, `namespace/name`. */
export function attachedServices(
  objects: readonly PolicyObject[],
  gateway: string,
): { metadata: PolicyObject['metadata']; hosts: readonly string[] }[] {
  return networkingObjects(objects, 'VirtualService').flatMap((object) => {
    const { gateways = [], hosts = [] } = writtenOf(object);
    const { metadata } = object;
    return gateways.some((one) => qualified(one, metadata.namespace) === gateway)
      ? [{ metadata, hosts }]
      : [];
  });
}

/** Gateways that aren't there, and routes that a gateway doesn't follow. */
export function attachmentProblems(objects: readonly PolicyObject[]): Problem[] {
  const known = networkingObjects(objects, 'Gateway').map(
    ({ metadata: { namespace, name } }) => `${namespace}/${name}`,
  );
  return networkingObjects(objects, 'VirtualService').flatMap((object) => {
    const { gateways = [] } = writtenOf(object);
    const named = gateways.map((one) => qualified(one, object.metadata.namespace));
    const missing = named.flatMap((one, index) =>
      one === 'mesh' || known.includes(one) ? [] : [unknownGateway(object, one, index, known)],
    );
    return named.some((one) => known.includes(one)) ? [...missing, ...unfollowed(object)] : missing;
  });
}

function unknownGateway(object: PolicyObject, gateway: string, index: number, known: string[]): Problem {
  const near = closest(gateway, known);
  const { namespace, name } = object.metadata;
  return {
    code: 'unknown-gateway',
    severity: 'warning',
    message: `VirtualService ${namespace}/${name} is for Gateway ${gateway}, which isn't among the policies: its routes are served nowhere`,
    hint: near
      ? `did you mean ${near}?`
      : known.length > 0
        ? `Gateways here: ${known.join(', ')}`
        : 'there is no Gateway',
    at: positionOf(object, ['spec', 'gateways', index]),
  };
}

/** Fields that change how a request is carried, and that a gateway would leave out. */
const CARRYING = ['timeout', 'retries', 'mirror', 'mirrors', 'mirrorPercentage'];

function unfollowed(object: PolicyObject): Problem[] {
  const refuse = (message: string, path: readonly (string | number)[]): Problem => ({
    code: 'not-supported-yet',
    severity: 'error',
    message: `routes at gateways: ${message}`,
    at: positionOf(object, ['spec', ...path]),
  });
  const parsed = virtualServiceSpecSchema.safeParse(object.written ?? object.spec);
  const issue = parsed.error?.issues[0];
  if (!parsed.success)
    return [
      refuse(
        `${issue?.message ?? 'unreadable'}: not followed in this version`,
        (issue?.path ?? []).map((part) => (typeof part === 'number' ? part : String(part))),
      ),
    ];
  return parsed.data.http.flatMap((route, index) => [
    ...CARRYING.filter((field) => Object.hasOwn(route, field)).map((field) =>
      refuse(`${field} is not followed in this version`, ['http', index, field]),
    ),
    ...(route.route ?? []).flatMap(({ destination }, place) =>
      Object.hasOwn(destination, 'subset')
        ? [refuse('subsets are not followed in this version', ['http', index, 'route', place, 'destination'])]
        : [],
    ),
  ]);
}

function writtenOf({ written, spec }: PolicyObject): WrittenService {
  return (written ?? spec) as WrittenService;
}
