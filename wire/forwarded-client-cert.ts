/**
 * X-Forwarded-Client-Cert as Istio configures it. At a sidecar's inbound side APPEND_FORWARD: over plaintext a client's
 * own header is removed; over mutual TLS it is kept and ours appended, forged or not. At a gateway SANITIZE_SET: a
 * client's own never stays.
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
  /** The certificate as it stands behind `Cert=`, its quotes included; gateways tell it. */
  certificate?: string;
}

/** The field as the application shall see it; null = no such field. */
export function forwardedClientCert(
  headers: HeaderList,
  ownSpiffeId: string,
  client: ForwardedClient | null,
): string | null {
  if (client === null) return null;
  const sent = headers.filter(([name]) => name === NAME).map(([, value]) => value);
  return [...sent, clientCertElement(ownSpiffeId, client)].join(',');
}

/** By client: a connection's is the same for all of its requests. */
const elements = new WeakMap<ForwardedClient, { ownSpiffeId: string; text: string }>();

/** What a sidecar appends to the field. */
function clientCertElement(ownSpiffeId: string, client: ForwardedClient): string {
  const known = elements.get(client);
  if (known?.ownSpiffeId === ownSpiffeId) return known.text;
  const text = element(ownSpiffeId, client, []);
  elements.set(client, { ownSpiffeId, text });
  return text;
}

/** The field as a gateway sets it; null = no such field. */
export function gatewayClientCert(ownSpiffeId: string, client: ForwardedClient | null): string | null {
  if (client === null) return null;
  return element(ownSpiffeId, client, client.certificate === undefined ? [] : [`Cert=${client.certificate}`]);
}

function element(ownSpiffeId: string, client: ForwardedClient, certificate: readonly string[]): string {
  return [
    `By=${ownSpiffeId}`,
    `Hash=${client.fingerprint}`,
    ...certificate,
    `Subject="${client.subject.replaceAll('"', '\\"')}"`,
    ...client.uriSans.slice(0, 1).map((uri) => `URI=${uri}`),
    ...client.dnsSans.map((dns) => `DNS=${dns}`),
  ].join(';');
}
