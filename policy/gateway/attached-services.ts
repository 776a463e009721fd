/** VirtualServices that name gateways: which hosts they bring, and which gateways aren't there. */
import { closest } from '../../model/closest.ts';
import { positionOf, type PolicyObject } from '../../model/policy-object.ts';
import type { Problem } from '../../model/problem.ts';
import { qualified } from '../routes/virtual-services.ts';
import { isListener } from './gateway-api-listeners.ts';
import { apiServices } from './gateway-api-services.ts';
import { networkingObjects } from './read-gateway.ts';

interface WrittenService {
  gateways?: readonly string[];
  hosts?: readonly string[];
  http?: readonly unknown[];
  tcp?: readonly unknown[];
  tls?: readonly unknown[];
}

/** A VirtualService as a gateway looks for it, or what a route of the Gateway API amounts to. */
export interface AttachedService {
  metadata: Pick<PolicyObject['metadata'], 'name' | 'namespace'>;
  hosts: readonly string[];
  /** Which kinds of routes it has. */
  routes: readonly ('http' | 'tcp' | 'tls')[];
}

/** VirtualServices of a gateway, `namespace/name`, and routes of the Gateway API. */
export function attachedServices(objects: readonly PolicyObject[], gateway: string): AttachedService[] {
  const written = networkingObjects(objects, 'VirtualService').flatMap((object) => {
    const service = writtenOf(object);
    const { gateways = [], hosts = [] } = service;
    const { metadata } = object;
    const routes = ROUTES.filter((kind) => (service[kind] ?? []).length > 0);
    return gateways.some((one) => qualified(one, metadata.namespace) === gateway)
      ? [{ metadata, hosts, routes }]
      : [];
  });
  const made = apiServices(objects)
    .filter(({ gateways }) => gateways.includes(gateway))
    .map((service) => ({
      metadata: service,
      hosts: service.hosts,
      routes: ROUTES.filter((kind) => service[kind].length > 0),
    }));
  return [...written, ...made];
}

const ROUTES = ['http', 'tcp', 'tls'] as const;

/** Gateways that aren't there. */
export function attachmentProblems(objects: readonly PolicyObject[]): Problem[] {
  const known = networkingObjects(objects, 'Gateway').map(
    ({ metadata: { namespace, name } }) => `${namespace}/${name}`,
  );
  const offered = networkingObjects(objects, 'Gateway').filter((one) => !isListener(one));
  const names = offered.map(({ metadata: { namespace, name } }) => `${namespace}/${name}`);
  return networkingObjects(objects, 'VirtualService').flatMap((object) => {
    const { gateways = [] } = writtenOf(object);
    const named = gateways.map((one) => qualified(one, object.metadata.namespace));
    return named.flatMap((one, index) =>
      one === 'mesh' || known.includes(one) ? [] : [unknownGateway(object, one, index, names)],
    );
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

function writtenOf({ written, spec }: PolicyObject): WrittenService {
  return (written ?? spec) as WrittenService;
}
