/**
 * What OpenSSL is told: versions, ciphers, roots, and above all what it may not do. No tickets, no session cache
 * (a resumed session would skip the certificate), no renegotiation (it could change the certificate after the
 * gate). A new certificate or bundle makes a new material for new connections; open ones keep theirs.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { constants, X509Certificate } from 'node:crypto';
import { createSecureContext, createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls';
import type net from 'node:net';

export interface Credentials {
  /** Leaf first. */
  certificateChainPem: string;
  privateKeyPem: string;
  /** The current roots. */
  trustBundlePem: readonly string[];
}

/**
 * Istio's suites. SECLEVEL 1, since 2 would refuse RSA-1024, which Istio's Envoy accepts: our gate judges key
 * sizes, by profile, and says so in a finding.
 */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-GCM-SHA256',
  '@SECLEVEL=1',
].join(':');

const SETTINGS = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: CIPHERS,
  /** Envoy's own; the post-quantum default of OpenSSL would double the ClientHello. */
  ecdhCurve: 'X25519:prime256v1',
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
} as const;

/** What one handshake of a server came to. */
export type HandshakeEnd =
  | { kind: 'secured'; socket: TLSSocket }
  | { kind: 'failed'; error: Error & { code?: string } };

export interface InboundTls {
  readonly roots: readonly X509Certificate[];
  /** Starts the server's side of a handshake on `raw`, whose first bytes were unshifted. `end` is called at most once. */
  handshake(raw: net.Socket, clientAlpn: readonly string[], end: (result: HandshakeEnd) => void): void;
}

/**
 * The server side. `alpn`: what the application behind speaks, best first. As in Envoy, a client that shares none
 * of them gets no ALPN answer; OpenSSL would end the handshake, so such a client is served without the extension.
 * `clients`: whether they are asked for a certificate.
 */
export function createInboundTls(
  credentials: Credentials,
  alpn: readonly string[],
  clients: 'asked' | 'not-asked' = 'asked',
): InboundTls {
  const withAlpn = alpn.length > 0 ? createHandshakeServer(credentials, [...alpn], clients) : null;
  let plain: Server | null = null;
  const withoutAlpn = () => (plain ??= createHandshakeServer(credentials, null, clients));
  return {
    roots: rootsOf(credentials),
    handshake(raw, clientAlpn, end) {
      const shared = clientAlpn.some((name) => alpn.includes(name));
      const server = shared && withAlpn ? withAlpn : withoutAlpn();
      current.run(end, () => server.emit('connection', raw));
    },
  };
}

/** One server serves many connections; the async context of a handshake says whose it is. */
const current = new AsyncLocalStorage<(result: HandshakeEnd) => void>();

/**
 * A server that never listens. A bare `new TLSSocket(raw, { isServer })` would ask for no verification result:
 * only a server's own sockets carry `authorizationError`.
 */
function createHandshakeServer(
  { certificateChainPem, privateKeyPem, trustBundlePem }: Credentials,
  alpn: string[] | null,
  clients: 'asked' | 'not-asked',
): Server {
  const server = createServer({
    ...SETTINGS,
    cert: certificateChainPem,
    key: privateKeyPem,
    ca: [...trustBundlePem],
    requestCert: clients === 'asked',
    // With true, Node destroys the socket before anybody could say why. The gate refuses instead.
    rejectUnauthorized: false,
    ...(alpn ? { ALPNProtocols: alpn } : {}),
  });
  server.on('secureConnection', (socket) => {
    const end = current.getStore();
    // Nobody waits for it: then nobody may have it.
    if (end) end({ kind: 'secured', socket });
    else socket.destroy();
  });
  server.on('tlsClientError', (error) => current.getStore()?.({ kind: 'failed', error }));
  return server;
}

export interface UpstreamTls {
  readonly roots: readonly X509Certificate[];
  readonly context: SecureContext;
}

/** The client side. */
export function createUpstreamTls(credentials: Credentials): UpstreamTls {
  const { certificateChainPem, privateKeyPem, trustBundlePem } = credentials;
  return {
    roots: rootsOf(credentials),
    context: createSecureContext({
      ...SETTINGS,
      cert: certificateChainPem,
      key: privateKeyPem,
      ca: [...trustBundlePem],
    }),
  };
}

/** An empty bundle would make OpenSSL fall back on the public web's roots. */
function rootsOf({ trustBundlePem }: Credentials): X509Certificate[] {
  if (trustBundlePem.length === 0) throw new Error('no root certificate: nobody could be trusted');
  return trustBundlePem.map((pem) => new X509Certificate(pem));
}
