/** TLS of a port that didn't say what it speaks: a client's ALPN names choose between that of HTTP and that of bytes. */
import { sniffedAlpn } from '../wire/sniffed-protocol.ts';
import type { MtlsMode } from './snapshot.ts';
import type { InboundTls } from './tls-material.ts';

export interface SniffingTls extends InboundTls {
  /** What the client of the handshake said that it speaks. */
  readonly speaks: 'http' | 'tcp';
}

/** For one connection. */
export function sniffingTls(mode: MtlsMode, { http, tcp }: Record<'http' | 'tcp', InboundTls>): SniffingTls {
  let speaks: SniffingTls['speaks'] = 'tcp';
  return {
    roots: tcp.roots,
    get speaks() {
      return speaks;
    },
    handshake: (raw, alpn, end) => {
      speaks = sniffedAlpn(mode, alpn);
      (speaks === 'http' ? http : tcp).handshake(raw, alpn, end);
    },
  };
}
