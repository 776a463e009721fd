/**
 * What Envoy's connection manager makes of a request's headers before any filter or policy sees them, at a sidecar's
 * inbound side: the client's certificate told anew, the scheme told where the client didn't.
 */
import type { HeaderList } from '../model/request-facts.ts';
import { type ForwardedClient, forwardedClientCert } from './forwarded-client-cert.ts';

/** The connection that the request came over. */
export interface ReceivingSide {
  ownSpiffeId: string;
  tls: boolean;
  /** The verified client certificate; null without one. */
  client: ForwardedClient | null;
}

/** Headers as policies and the application see them. */
export function sidecarHeaders(headers: HeaderList, side: ReceivingSide): [string, string][] {
  const told = forwardedClientCert(headers, side.ownSpiffeId, side.client);
  const kept = headers
    .filter(([name]) => name !== 'x-forwarded-client-cert')
    .map(([name, value]): [string, string] => [name, value]);
  if (told !== null) kept.push(['x-forwarded-client-cert', told]);
  if (!kept.some(([name]) => name === 'x-forwarded-proto'))
    kept.push(['x-forwarded-proto', side.tls ? 'https' : 'http']);
  return kept;
}
