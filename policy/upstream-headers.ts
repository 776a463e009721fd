/**
 * What an allowed request's application sees of the fields that a suite asks about, as far as it is known here.
 * `Hash` and other parts of a certificate read `*`, since a judged caller has none.
 */
import type { RequestFacts } from '../model/request-facts.ts';
import { trimBlanks } from '../wire/field-grammar.ts';
import { forwardedClientCert } from '../wire/forwarded-client-cert.ts';
import { upstreamContentLength } from '../wire/upstream-content-length.ts';

/** Fields that Envoy writes by itself, from what a judged request doesn't know. */
const WRITTEN_BY_ENVOY = /^(x-request-id|x-envoy-.*|server|date)$/;

/** The field's value, null when it isn't there, undefined when this version can't tell. */
export function upstreamHeader(
  name: string,
  facts: RequestFacts,
  ownSpiffeId: string,
): string | null | undefined {
  const { connection, http } = facts;
  if (http === null) return null;
  const sent = http.headers.filter(([header]) => header === name).map(([, value]) => value);
  switch (name) {
    case 'x-forwarded-client-cert': {
      const uri = connection.principal === null ? null : `spiffe://${connection.principal}`;
      const client = uri === null ? null : { fingerprint: '*', subject: '', uriSans: [uri], dnsSans: [] };
      return forwardedClientCert(http.headers, ownSpiffeId, client);
    }
    case 'x-forwarded-proto':
      return sent[0] ?? (connection.mtls ? 'https' : 'http');
    case 'x-forwarded-for':
      return sent.length === 0 ? null : sent.join(',');
    case 'host':
      return http.host;
    case 'content-length':
      return upstreamContentLength(http.method, http.headers);
    default:
      if (WRITTEN_BY_ENVOY.test(name)) return undefined;
      return sent.length === 0 ? null : sent.map(trimBlanks).join(',');
  }
}
