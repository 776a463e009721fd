/** Header operations of a VirtualService → those of Envoy: `:authority` and `host` are a rewrite of the host. */
import type { HeaderOperationsSpec, HeadersSpec } from '../../model/istio/virtual-service-destination.ts';
import type { HeaderOperations } from './compiled-routes.ts';

export const NO_OPERATIONS: HeaderOperations = { remove: [], change: [] };

export function translateHeaders(headers: HeadersSpec | undefined): {
  request: HeaderOperations;
  response: HeaderOperations;
  host: string | null;
} {
  const { request, response } = headers ?? {};
  return {
    request: operations(request),
    response: operations(response),
    host: hostOf(request?.set) ?? hostOf(request?.add),
  };
}

function operations(spec: HeaderOperationsSpec | undefined): HeaderOperations {
  if (spec === undefined) return NO_OPERATIONS;
  const changes = (record: Readonly<Record<string, string>>, append: boolean): HeaderOperations['change'] =>
    Object.keys(record)
      .filter((name) => !isInternal(name))
      .toSorted((one, other) => (one < other ? -1 : 1))
      .map((name) => ({ name: name.toLowerCase(), value: record[name] ?? '', append }));
  return {
    remove: spec.remove.filter((name) => !isInternal(name)).map((name) => name.toLowerCase()),
    change: [...changes(spec.set, false), ...changes(spec.add, true)],
  };
}

function isInternal(name: string): boolean {
  return name.startsWith(':') || name.toLowerCase() === 'host';
}

function hostOf(record: Readonly<Record<string, string>> | undefined): string | null {
  for (const [name, value] of Object.entries(record ?? {}))
    if (name.toLowerCase() === ':authority' || name.toLowerCase() === 'host') return value || null;
  return null;
}
