/**
 * Which server of a gateway a connection reaches, by its server name, and what becomes of its certificate. Refuses
 * what no server takes, with Envoy's details.
 */
import type { Decision } from '../../model/decision.ts';
import { bestNameMatch } from '../../wire/name-match.ts';
import type { CallingSide } from '../judge-request.ts';
import { refused } from '../receive-request.ts';
import type { GatewayPort, PortServer } from './read-gateway.ts';

/** A connection that HTTP is spoken on. */
export interface GatewayConnection {
  /** Whose routes apply: all HTTP servers of the port, or the one HTTPS server. */
  servers: readonly PortServer[];
  tls: boolean;
  /** SPIFFE id without its scheme; null without a verified certificate. */
  principal: string | null;
}

/** What a server does with the TLS of a connection; null = HTTP in plaintext. */
export type ReachedServer = { servers: readonly PortServer[]; tls: PortServer | null };

/** Chooses the server by what the connection says first. */
export function serverAt(
  at: GatewayPort,
  hello: 'plaintext' | { sni: string | null },
): ReachedServer | Decision {
  if (at.http.length > 0) {
    // A ClientHello is no request: the 400 reaches a client that speaks TLS as garbage, so there is no status.
    if (hello !== 'plaintext') return refused('codec', 'client-hello-on-plaintext', 'http1.codec_error');
    return { servers: at.http, tls: null };
  }
  if (at.https.length === 0) return refused('mtls', 'no-server-at-port', 'filter_chain_not_found');
  if (hello === 'plaintext') {
    const anyName = at.https.some(({ server }) => serverNames(server.hosts).includes('*'));
    return refused('mtls', 'plaintext-on-https', anyName ? 'tls: HTTP_REQUEST' : 'filter_chain_not_found');
  }
  const chosen = chooseServer(at.https, hello.sni?.toLowerCase() ?? null);
  if (chosen === null) return refused('mtls', 'unknown-server-name', 'filter_chain_not_found');
  return { servers: [chosen], tls: chosen };
}

/** Chooses the server, and judges the certificate by its mode. */
export function connectToGateway(at: GatewayPort, from: CallingSide): GatewayConnection | Decision {
  const { tls } = from;
  const reached = serverAt(at, tls === 'plaintext' ? tls : { sni: tls.sni });
  if ('verdict' in reached) return reached;
  if (reached.tls === null || tls === 'plaintext')
    return { servers: reached.servers, tls: false, principal: null };
  return admitAt(reached.tls, tls.certificate);
}

/** What a client's certificate came to, before its server is asked. */
export type ShownCertificate = Exclude<CallingSide['tls'], 'plaintext'>['certificate'];

/** Whether the server asks its clients for a certificate. */
export function asksForCertificate({ server }: PortServer): boolean {
  return server.tls?.mode !== 'SIMPLE';
}

/** The authority is the mesh's here; a trust domain isn't asked for, other than at a sidecar. */
export function admitAt(chosen: PortServer, certificate: ShownCertificate): GatewayConnection | Decision {
  const mode = chosen.server.tls?.mode;
  const open = { servers: [chosen], tls: true, principal: null };
  if (mode === 'SIMPLE' || (mode === 'OPTIONAL_MUTUAL' && certificate.kind === 'none')) return open;
  if (certificate.kind === 'none')
    return refused('mtls', 'no-certificate', 'tls: PEER_DID_NOT_RETURN_A_CERTIFICATE');
  const wanted = chosen.server.tls?.subjectAltNames ?? [];
  if (certificate.kind === 'refused')
    return refused('mtls', 'chain-refused', 'tls: CERTIFICATE_VERIFY_FAILED');
  // Envoy asks every SAN, of whatever kind, and one is enough.
  const names = certificate.names ?? [`spiffe://${certificate.principal}`];
  if (wanted.length > 0 && !names.some((name) => wanted.includes(name)))
    return refused('mtls', 'unexpected-name', 'tls: CERTIFICATE_VERIFY_FAILED');
  return { ...open, principal: certificate.principal };
}

function chooseServer(servers: readonly PortServer[], sni: string | null): PortServer | null {
  const all = servers.flatMap(({ server }) => serverNames(server.hosts));
  const best = bestNameMatch(all, sni ?? '');
  return best === null
    ? null
    : (servers.find(({ server }) => serverNames(server.hosts).includes(best)) ?? null);
}

/** Without the namespaces that may have routes for them. One `*` among them takes every name. */
function serverNames(hosts: readonly string[]): string[] {
  const names = hosts.map((host) => host.slice(host.indexOf('/') + 1));
  return names.includes('*') ? ['*'] : names;
}
