/**
 * X-Forwarded-Client-Cert at a sidecar's inbound side: APPEND_FORWARD, as Istio configures it. Over plaintext a
 * client's own header is removed; over mutual TLS it is kept and ours appended, forged or not.
 */
import type { HeaderList } from '../model/request-facts.ts';

const NAME = 'x-forwarded-client-cert';

/** What the verified client certificate says. */
export interface ForwardedClient {
  /** SHA-256 of the certificate, hex. */
  fingerprint: string;
  subject: string;
  uriSans: readonly string[];
  dnsSans: readonly string[];
}

/** The field as the application shall see it; null = no such field. */
export function forwardedClientCert(
  headers: HeaderList,
  ownSpiffeId: string,
  client: ForwardedClient | null,
): string | null {
  if (client === null) return null;
  const sent = headers.filter(([name]) => name === NAME).map(([, value]) => value);
  const element = [
    `By=${ownSpiffeId}`,
    `Hash=${client.fingerprint}`,
    `Subject="${client.subject.replaceAll('"', '\\"')}"`,
    ...client.uriSans.slice(0, 1).map((uri) => `URI=${uri}`),
    ...client.dnsSans.map((dns) => `DNS=${dns}`),
  ].join(';');
  return [...sent, element].join(',');
}
