/**
 * Who may share a connection: hops of ours, whom the connection table knows before their first byte. Nobody else can
 * speak the frames, not even with a certificate of the mesh: an Envoy doesn't know them either.
 */
import type { ConnectionTable, Endpoints } from '../connection-table.ts';
import type { SidecarTls } from '../sidecar-tls.ts';
import type { InboundTls } from '../tls-material.ts';

/** TLS of an HTTP port, for one connection. */
export function sharedWithHops(
  table: ConnectionTable,
  endpoints: Endpoints,
  tls: Pick<SidecarTls, 'http' | 'shared' | 'upstream'>,
): InboundTls {
  return {
    roots: tls.upstream.roots,
    handshake: (raw, alpn, end) => {
      const caller = table.lookUp(endpoints);
      const isHop = caller !== null && caller.instance !== null;
      (isHop ? tls.shared : tls.http).handshake(raw, alpn, end);
    },
  };
}
