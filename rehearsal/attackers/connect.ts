/**
 * An attacker's own TCP connection: never through proxy/, so that a mistake there can't hide itself. Between the
 * connect and the first byte the caller declares who the connection is in the model.
 */
import { connect, type Socket } from 'node:net';

export interface Target {
  host: string;
  port: number;
}

/** Told the connection's local address and port; nothing is sent before it resolves. */
export type Introduction = (local: { address: string; port: number }) => Promise<void>;

/** A connected, introduced socket; `signal` destroys it at any time. */
export async function openConnection(
  target: Target,
  introduce: Introduction,
  signal: AbortSignal,
): Promise<Socket> {
  signal.throwIfAborted();
  const socket = connect({ host: target.host, port: target.port, noDelay: true });
  const abort = (): void => {
    socket.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  };
  signal.addEventListener('abort', abort, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', abort));
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    // A reset that arrives while we introduce ourselves is told again by whoever reads next.
    socket.on('error', () => undefined);
    await introduce({ address: socket.localAddress ?? '', port: socket.localPort ?? 0 });
    signal.throwIfAborted();
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
