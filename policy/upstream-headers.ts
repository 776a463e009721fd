/**
 * What an allowed request's application sees of the fields that a suite asks about, as far as it is known here.
 * `Hash` and other parts of a certificate read `*`, since a judged caller has none.
 */
import type { RequestFacts } from '../model/request-facts.ts';
import { forwardedClientCert } from '../wire/forwarded-client-cert.ts';

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
    default:
      return undefined;
  }
}
