/** Joins two byte streams: back-pressure, half-closes, one end. Whether a client's bytes go on is the caller's word. */
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';

export interface Pair {
  client: Duplex;
  /** May still be connecting. */
  upstream: Socket | Duplex;
  connectTimeoutMs: number;
  /** Before the bytes go on; false = they don't, and both sides close. */
  onClientBytes(length: number): boolean;
  onUpstreamBytes(length: number): void;
  /** Once, when both sides are done for. */
  onClose(): void;
}

function isConnecting(stream: Socket | Duplex): boolean {
  return 'connecting' in stream && stream.connecting;
}

/** Starts both directions. */
export function join({
  client,
  upstream,
  connectTimeoutMs,
  onClientBytes,
  onUpstreamBytes,
  onClose,
}: Pair): void {
  let over = false;
  const end = (): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    onClose();
    client.destroy();
    upstream.destroy();
  };
  const timer = setTimeout(() => {
    if (isConnecting(upstream)) end();
  }, connectTimeoutMs);
  client.on('error', end);
  upstream.on('error', end);
  client.once('close', end);
  upstream.once('close', () => {
    clearTimeout(timer);
    // What it said last is still on its way to the client.
    if (client.writableLength === 0 || client.destroyed) end();
    else client.end(end);
  });
  client.on('data', (chunk: Buffer) => {
    if (over) return;
    if (!onClientBytes(chunk.length)) {
      end();
      return;
    }
    if (!upstream.write(chunk)) {
      client.pause();
      upstream.once('drain', () => client.resume());
    }
  });
  upstream.on('data', (chunk: Buffer) => {
    if (over) return;
    onUpstreamBytes(chunk.length);
    if (!client.write(chunk)) {
      upstream.pause();
      client.once('drain', () => upstream.resume());
    }
  });
  client.once('end', () => upstream.end());
  upstream.once('end', () => client.end());
  client.resume();
}
