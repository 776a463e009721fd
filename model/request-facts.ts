/**
 * What a verdict may depend on: facts of the connection and of the request, as the sidecar of `to` sees them.
 * Plain JSON: it crosses threads, and an explanation can be computed again from a recording.
 */

/** Header names lower-case; a header sent twice stands twice. */
export type HeaderList = readonly (readonly [string, string])[];

/** A claim: JSON. */
export type ClaimValue = null | boolean | number | string | readonly ClaimValue[] | TokenClaims;

/** Claims by name; own members only, whatever they are called. */
export interface TokenClaims {
  readonly [name: string]: ClaimValue;
}

export interface ConnectionFacts {
  /** Address of the peer (the pod address in the model, not always the socket's). */
  sourceIp: string;
  destinationIp: string;
  /** The workload's own port (Kubernetes targetPort), which policies see. */
  destinationPort: number;
  /** SPIFFE id without the scheme (`cluster.local/ns/shop/sa/web`); null without a verified client certificate. */
  principal: string | null;
  /** Further SPIFFE ids of the same certificate: Envoy compares each URI SAN, so a policy about any of them matches. */
  otherPrincipals?: readonly string[];
  /** Lower-case server name of the ClientHello; null without one. */
  sni: string | null;
  /** The client's address where a gateway reckoned it; absent = X-Forwarded-For says, as at a sidecar. */
  remoteIp?: string;
  /** Whether the connection is mutual TLS. */
  mtls: boolean;
}

export interface HttpFacts {
  protocol: 'http1' | 'http2' | 'grpc';
  method: string;
  /** Normalized, with query. */
  path: string;
  /** As it came, with query. */
  rawPath: string;
  /** `:authority`, as judged. */
  host: string;
  headers: HeaderList;
  /** `:scheme` where the client said it, lower-case (HTTP/2, an absolute target); else it follows the connection. */
  scheme?: string;
}

export interface RequestFacts {
  connection: ConnectionFacts;
  /** null for plain TCP. */
  http: HttpFacts | null;
  /** Claims of the verified token that counts, as policies see them; null or absent without one. */
  claims?: TokenClaims | null;
}
