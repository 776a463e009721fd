/**
 * X-Forwarded-Client-Cert at a sidecar's inbound side: APPEND_FORWARD, as Istio configures it. Over plaintext a
 * client's own header is removed; over mutual TLS it is kept and ours appended, forged or not (SURPRISES 41).
 */
const NAME = 'x-forwarded-client-cert';

/** What the verified client certificate says. */
export interface ForwardedClient {
  /** SHA-256 of the certificate, hex. */
  fingerprint: string;
  subject: string;
  uriSans: readonly string[];
  dnsSans: readonly string[];
}

/** The headers with XFCC as the application shall see it. */
export function appendForwardedClientCert(
  headers: readonly [string, string][],
  ownSpiffeId: string,
  client: ForwardedClient | null,
): [string, string][] {
  const others = headers.filter(([name]) => name !== NAME);
  if (client === null) return others;
  const sent = headers.filter(([name]) => name === NAME).map(([, value]) => value);
  const element = [
    `By=${ownSpiffeId}`,
    `Hash=${client.fingerprint}`,
    `Subject="${client.subject.replaceAll('"', '\\"')}"`,
    ...client.uriSans.slice(0, 1).map((uri) => `URI=${uri}`),
    ...client.dnsSans.map((dns) => `DNS=${dns}`),
  ].join(';');
  return [...others, [NAME, [...sent, element].join(',')]];
}

/** SANITIZE, as at a sidecar's outbound side: a client's header goes no further. */
export function removeForwardedClientCert(headers: readonly [string, string][]): [string, string][] {
  return headers.filter(([name]) => name !== NAME);
}
