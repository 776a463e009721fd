/** What a client is told beside a 401: for which address a token was wanted. */
import type { Decision } from '../model/decision.ts';
import type { TrafficEvent } from '../model/traffic-event.ts';

/** Envoy's challenge to a token that it refuses, cut at 256 bytes of path; nothing for any other decision. */
export function challenge({
  decision,
  request,
  connection,
}: {
  decision: Decision;
  request: TrafficEvent['request'];
  /** `encrypted`: TLS, where that isn't the same as a client certificate. */
  connection: { mtls: boolean; encrypted?: boolean };
}): [string, string][] {
  if (decision.phase !== 'jwt' || request === null) return [];
  const uri = `${(connection.encrypted ?? connection.mtls) ? 'https' : 'http'}://${request.host}${request.path.slice(0, 256)}`;
  return [['www-authenticate', `Bearer realm="${uri}", error="invalid_token"`]];
}
