/** The sidecar's own hop: to the application behind it, in plaintext. */
import { connect, type OnReadOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Core } from './core.ts';

/**
 * Connects; rejects with the socket's error, or when it takes longer than the limits allow. With `onread` what comes in
 * goes there and not through the stream.
 */
export function dialPlain(
  core: Core,
  upstream: { host: string; port: number; onread?: OnReadOpts },
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...upstream, noDelay: true });
    const timer = setTimeout(
      () => socket.destroy(new Error('connect timeout')),
      core.limits.connectTimeoutMs,
    );
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeListener('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
    socket.once('close', () => clearTimeout(timer));
  });
}
