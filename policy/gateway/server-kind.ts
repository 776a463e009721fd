/** What a Gateway's server does with a connection, by its protocol and the mode of its TLS. */

/**
 * `http`: plaintext HTTP · `https`: ends TLS, speaks HTTP · `tls`: ends TLS, passes the bytes on · `passthrough`: passes
 * TLS on as it comes · `tcp`: plain bytes.
 */
export type ServerKind = 'http' | 'https' | 'tls' | 'passthrough' | 'tcp';

interface Written {
  port?: { protocol?: string };
  tls?: Readonly<Record<string, unknown>>;
}

/** In capitals. */
const HTTP_PROTOCOLS: ReadonlySet<string> = new Set(['HTTP', 'HTTP2', 'GRPC']);

/** null: it isn't served here. Without a mode TLS is passed on, as the API has it. */
export function serverKind({ port, tls }: Written): ServerKind | null {
  const protocol = (port?.protocol ?? '').toUpperCase();
  if (HTTP_PROTOCOLS.has(protocol)) return 'http';
  if (protocol === 'TCP') return tls === undefined ? 'tcp' : null;
  if ((protocol !== 'HTTPS' && protocol !== 'TLS') || tls === undefined) return null;
  const mode = tls['mode'] ?? 'PASSTHROUGH';
  if (mode === 'AUTO_PASSTHROUGH') return null;
  if (mode === 'PASSTHROUGH') return 'passthrough';
  return protocol === 'HTTPS' ? 'https' : 'tls';
}

/** Whether its clients begin with a ClientHello. */
export function isTls(kind: ServerKind | null): boolean {
  return kind === 'https' || kind === 'tls' || kind === 'passthrough';
}

/** What a port speaks on the wire: servers of different ones can't share it. */
export function kindOfPort(server: Written): 'HTTP' | 'TLS' | 'TCP' {
  const kind = serverKind(server);
  if (kind === 'http') return 'HTTP';
  return kind === 'tcp' ? 'TCP' : 'TLS';
}
