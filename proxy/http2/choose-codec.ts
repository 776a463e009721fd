/**
 * Which version of HTTP a connection speaks, as Envoy's AUTO codec finds it: by ALPN where that was negotiated, else
 * by whether its first bytes are HTTP/2's preface (RFC 9113 §3.3, §3.4). Unlike Envoy it waits for a preface that
 * comes in pieces; no other bytes wait.
 */
import type { Duplex } from 'node:stream';
import { PREFACE } from '../../wire/http2/protocol.ts';

export type Codec = 'http1' | 'http2';

/** Envoy looks at this much: `PRI * HTTP/2`. */
const TELLING_BYTES = 12;

/**
 * Asks the first bytes, and puts them back. A connection that says too little in time is left to HTTP/1, which has a
 * limit for that; one that ends before is closed.
 */
function sniffCodec(socket: Duplex, timeoutMs: number, use: (codec: Codec) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => done('http1'), timeoutMs);
  const stop = (): void => {
    clearTimeout(timer);
    socket.off('readable', take).off('end', gone).off('close', gone);
  };
  const done = (codec: Codec): void => {
    stop();
    if (seen.length > 0 && !socket.destroyed) socket.unshift(seen);
    use(codec);
  };
  const take = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const told = Math.min(seen.length, TELLING_BYTES);
    for (let index = 0; index < told; index += 1) {
      if (seen[index] === PREFACE[index]) continue;
      done('http1');
      return;
    }
    if (told === TELLING_BYTES) done('http2');
  };
  const gone = (): void => {
    stop();
    socket.destroy();
  };
  socket.on('readable', take).once('end', gone).once('close', gone);
  take();
}

/** `alpn`: what the handshake agreed on; null without TLS or without an answer. */
export function chooseCodec(
  socket: Duplex,
  alpn: string | null,
  timeoutMs: number,
  use: (codec: Codec) => void,
): void {
  if (alpn !== null) use(alpn === 'h2' ? 'http2' : 'http1');
  else sniffCodec(socket, timeoutMs, use);
}
