/**
 * What a connection to a port speaks whose protocol nobody declared: Istio makes filter chains for HTTP and for TCP of
 * it, and Envoy takes the one that the connection's own words choose.
 */
import type { PeerMode } from './filter-chain.ts';
import type { Inspection } from './http-inspector.ts';

/** ALPN names by which a sidecar says that it sends HTTP. */
const HTTP_ALPN: ReadonlySet<string> = new Set(['istio-http/1.0', 'istio-http/1.1', 'istio-h2']);
/** … and by which it says that it sends bytes. */
const TCP_ALPN: ReadonlySet<string> = new Set(['istio-peer-exchange', 'istio']);

/** By the ALPN list of a client that speaks mutual TLS: the first name counts that a chain asks for. */
export function sniffedAlpn(mode: PeerMode, alpn: readonly string[]): 'http' | 'tcp' {
  // STRICT has no chain that asks for the names of bytes: what doesn't say HTTP is bytes.
  const known = alpn.find((name) => HTTP_ALPN.has(name) || (mode !== 'STRICT' && TCP_ALPN.has(name)));
  return known !== undefined && HTTP_ALPN.has(known) ? 'http' : 'tcp';
}

/** By the first bytes in plaintext: Istio's chains are HTTP/1.1's and HTTP/2's; HTTP/1.0 has none, and is bytes. */
export function sniffedBytes(found: Exclude<Inspection, 'need-more'>): 'http' | 'tcp' {
  return found === 'http1' || found === 'http2' ? 'http' : 'tcp';
}
