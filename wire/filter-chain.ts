/**
 * Which of Istio's inbound filter chains a connection falls into, by the mode of PeerAuthentication, the port's
 * protocol and the ClientHello. Owns the list of ALPN names by which a sidecar recognizes another one.
 */

/** The modes of PeerAuthentication, UNSET resolved. */
export type PeerMode = 'STRICT' | 'PERMISSIVE' | 'DISABLE';

/** ALPN names that only Istio's sidecars send: on a PERMISSIVE port they alone mean mutual TLS. */
export const ISTIO_ALPN: ReadonlySet<string> = new Set([
  'istio',
  'istio-peer-exchange',
  'istio-http/1.0',
  'istio-http/1.1',
  'istio-h2',
]);

export interface FilterChainQuestion {
  mode: PeerMode;
  protocol: 'http' | 'tcp';
  hello: 'plaintext' | { sni: string | null; alpn: readonly string[] };
}

export type FilterChain =
  /** The bytes go to the application protocol's codec as they are. */
  | { kind: 'plaintext' }
  | { kind: 'mtls' }
  /** TLS between client and application, not decrypted; its client has no principal. */
  | { kind: 'tls-passthrough' }
  | {
      kind: 'refuse';
      reason: 'plaintext-on-strict' | 'tls-without-istio-alpn';
      details: 'filter_chain_not_found';
    };

/** Chooses as Envoy does with the listeners that Istio generates. */
export function chooseFilterChain({ mode, protocol, hello }: FilterChainQuestion): FilterChain {
  const tls = hello !== 'plaintext';
  switch (mode) {
    case 'STRICT':
      // With one chain only, the ALPN isn't asked for: a good certificate with `http/1.1` passes.
      return tls ? { kind: 'mtls' } : refuse('plaintext-on-strict');
    case 'PERMISSIVE':
      if (!tls) return { kind: 'plaintext' };
      if (hello.alpn.some((name) => ISTIO_ALPN.has(name))) return { kind: 'mtls' };
      return protocol === 'tcp' ? { kind: 'tls-passthrough' } : refuse('tls-without-istio-alpn');
    case 'DISABLE':
      // An HTTP port hands a ClientHello to its codec, which answers 400 in plaintext.
      return tls && protocol === 'tcp' ? { kind: 'tls-passthrough' } : { kind: 'plaintext' };
  }
}

function refuse(reason: 'plaintext-on-strict' | 'tls-without-istio-alpn'): FilterChain {
  return { kind: 'refuse', reason, details: 'filter_chain_not_found' };
}
