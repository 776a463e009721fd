/**
 * What a request has at the places that clauses look at. An attribute without a value gives an empty list, and then
 * a positive clause fails and a negated one holds.
 */
import type { RequestFacts } from '../model/request-facts.ts';
import { schemeOf } from '../wire/connection-manager-headers.ts';
import { remoteAddressAtSidecar } from '../wire/remote-address.ts';
import type { CompiledClause } from './compiled-policy.ts';
import { claimValues } from './tokens/claim-text.ts';
import { requestPrincipalValues } from './tokens/request-principal.ts';

/** The values of the clause's attribute, each compared by itself. */
export function valuesOf(
  clause: Pick<CompiledClause, 'attribute' | 'header' | 'claim'>,
  facts: RequestFacts,
): readonly string[] {
  const { connection, http } = facts;
  switch (clause.attribute) {
    case 'source.principal':
    case 'source.namespace':
    case 'source.serviceAccount':
    case 'source.trustDomain':
      return connection.principal === null
        ? []
        : [connection.principal, ...(connection.otherPrincipals ?? [])];
    case 'source.ip':
      return [connection.sourceIp];
    case 'remote.ip':
      return [remoteAddress(facts)];
    case 'destination.ip':
      return [connection.destinationIp];
    case 'destination.port':
      return [String(connection.destinationPort)];
    case 'connection.sni':
      return connection.sni === null ? [] : [connection.sni];
    case 'filter.metadata':
      return [];
    case 'request.host':
      return http === null ? [] : [http.host.toLowerCase()];
    case 'request.method':
      return http === null ? [] : [http.method];
    case 'request.path':
      return http === null ? [] : [withoutQuery(http.path)];
    case 'request.auth.principal':
      return requestPrincipalValues(facts);
    case 'request.auth.claims':
      return claimValues(clause.claim ?? [], facts);
    case 'request.headers':
      return http === null ? [] : headerValues(clause.header ?? '', http, connection.mtls);
  }
}

function remoteAddress({ connection, http }: RequestFacts): string {
  if (connection.remoteIp !== undefined) return connection.remoteIp;
  return http === null ? connection.sourceIp : remoteAddressAtSidecar(connection.sourceIp, http.headers);
}

/** A path as policies see it. */
export function withoutQuery(path: string): string {
  const end = path.indexOf('?');
  return end < 0 ? path : path.slice(0, end);
}

function headerValues(
  name: string,
  http: NonNullable<RequestFacts['http']>,
  encrypted: boolean,
): readonly string[] {
  switch (name) {
    case ':authority':
      return [http.host];
    case ':method':
      return [http.method];
    case ':path':
      return [http.path];
    case ':scheme':
      return [http.scheme ?? schemeOf(http.headers, encrypted)];
    default:
      return http.headers.filter(([header]) => header === name).map(([, value]) => value);
  }
}
