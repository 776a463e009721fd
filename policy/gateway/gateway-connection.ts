/**
 * Which server of a gateway a connection reaches, by its server name, and what becomes of its certificate. Refuses
 * what no server takes, with Envoy's details.
 */
import type { Decision } from '../../model/decision.ts';
import { bestNameMatch } from '../../wire/name-match.ts';
import type { CallingSide } from '../judge-request.ts';
import { refused } from '../receive-request.ts';
import type { TcpChain } from '../routes/compiled-routes.ts';
import type { GatewayPort, PortServer } from './read-gateway.ts';
import { serverHost } from './server-hosts.ts';

/** A connection that is let in. */
export interface GatewayConnection {
  /** Whose routes apply: all HTTP servers of the port, or the one HTTPS server. */
  servers: readonly PortServer[];
  tls: boolean;
  /** SPIFFE id without its scheme; null without a verified certificate. */
  principal: string | null;
  /** Where its bytes go, that nobody reads; null = HTTP is spoken. */
  bytes: TcpChain | null;
}

/** What becomes of a connection. */
export interface ReachedServer {
  /** Whose HTTP routes apply. */
  servers: readonly PortServer[];
  /** Whose TLS it is; null = nobody ends it here: plaintext, or passed on as it comes. */
  tls: PortServer | null;
  /** Where its bytes go, that nobody reads; null = HTTP is spoken. */
  bytes: TcpChain | null;
}

/** Chooses the server by what the connection says first; where bytes are plain it is asked nothing. */
export function serverAt(
  at: GatewayPort,
  hello: 'plaintext' | { sni: string | null },
): ReachedServer | Decision {
  if (at.tcp !== null) return { servers: [], tls: null, bytes: at.tcp.chain };
  if (at.http.length > 0) {
    // A ClientHello is no request: the 400 reaches a client that speaks TLS as garbage, so there is no status.
    if (hello !== 'plaintext') return refused('codec', 'client-hello-on-plaintext', 'http1.codec_error');
    return { servers: at.http, tls: null, bytes: null };
  }
  const chains = tlsChainsOf(at);
  if (chains.length === 0) return refused('mtls', 'no-server-at-port', 'filter_chain_not_found');
  const sni = hello === 'plaintext' ? null : (hello.sni?.toLowerCase() ?? null);
  const best = bestNameMatch(
    chains.flatMap(({ names }) => names),
    sni ?? '',
  );
  const reached = chains.find(({ names }) => best !== null && names.includes(best))?.reached;
  if (hello === 'plaintext') {
    // A chain for every name is one for those that say none; what it ends is TLS all the same.
    if (reached !== undefined && reached.tls === null) return reached;
    return refused(
      'mtls',
      'plaintext-on-https',
      reached === undefined ? 'filter_chain_not_found' : 'tls: HTTP_REQUEST',
    );
  }
  return reached ?? refused('mtls', 'unknown-server-name', 'filter_chain_not_found');
}

interface NamedChain {
  names: readonly string[];
  reached: ReachedServer;
}

function tlsChainsOf({ https, tls, passthrough }: GatewayPort): NamedChain[] {
  return [
    ...https.map((one) => ({
      names: serverNames(one.server.hosts),
      reached: { servers: [one], tls: one, bytes: null },
    })),
    ...tls.map((one) => ({
      names: serverNames(one.server.hosts),
      reached: { servers: [], tls: one, bytes: one.chain },
    })),
    ...passthrough.map((chain) => ({
      names: chain.serverNames.length === 0 ? ['*'] : chain.serverNames,
      reached: { servers: [], tls: null, bytes: chain },
    })),
  ];
}

/** A server name that a connection couldn't choose by; null = there is none. */
export function nameWithTwoChains(at: GatewayPort): string | null {
  const names = tlsChainsOf(at).flatMap((chain) => chain.names.map((name) => name.toLowerCase()));
  return names.find((name, index) => names.indexOf(name) < index) ?? null;
}

/** Whether a port must see a ClientHello to know whom a connection is for. */
export function asksForHello({ http, tcp }: GatewayPort): boolean {
  return http.length === 0 && tcp === null;
}

/** Chooses the server, and judges the certificate by its mode. */
export function connectToGateway(at: GatewayPort, from: CallingSide): GatewayConnection | Decision {
  const { tls } = from;
  const reached = serverAt(at, tls === 'plaintext' ? tls : { sni: tls.sni });
  if ('verdict' in reached) return reached;
  const { servers, bytes } = reached;
  if (reached.tls === null || tls === 'plaintext') return { servers, tls: false, principal: null, bytes };
  const admitted = admitAt(reached.tls, tls.certificate);
  return 'verdict' in admitted ? admitted : { servers, tls: true, principal: admitted.principal, bytes };
}

/** What a client's certificate came to, before its server is asked. */
export type ShownCertificate = Exclude<CallingSide['tls'], 'plaintext'>['certificate'];

/** Whether the server asks its clients for a certificate. */
export function asksForCertificate({ server }: PortServer): boolean {
  return server.tls?.mode !== 'SIMPLE';
}

/** The authority is the mesh's here; a trust domain isn't asked for, other than at a sidecar. */
export function admitAt(
  chosen: PortServer,
  certificate: ShownCertificate,
): Pick<GatewayConnection, 'principal'> | Decision {
  const mode = chosen.server.tls?.mode;
  const open = { principal: null };
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
  return { principal: certificate.principal };
}

/** Without the namespaces that may have routes for them. One `*` among them takes every name. */
function serverNames(hosts: readonly string[]): string[] {
  const names = hosts.map((host) => serverHost(host).name);
  return names.includes('*') ? ['*'] : [...new Set(names)];
}
