/** Joins two byte streams: back-pressure, half-closes, one end. Whether a client's bytes go on is the caller's word. */
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';

export interface Pair {
  client: Duplex;
  /** May still be connecting. */
  upstream: Socket | Duplex;
  connectTimeoutMs: number;
  /** Before the bytes go on; false = they don't, and both sides close. Nothing more is read until it is said. */
  onClientBytes(length: number): boolean | Promise<boolean>;
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
  const pass = (chunk: Buffer): void => {
    if (upstream.write(chunk)) return;
    client.pause();
    upstream.once('drain', () => client.resume());
  };
  client.on('data', (chunk: Buffer) => {
    if (over) return;
    const goes = onClientBytes(chunk.length);
    if (typeof goes === 'boolean') {
      if (goes) pass(chunk);
      else end();
      return;
    }
    client.pause();
    void goes.then((allowed) => {
      if (over) return;
      if (!allowed) {
        end();
        return;
      }
      client.resume();
      pass(chunk);
    });
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
