/** Joins a socket of ours and a stream of the channel: half-closes, back-pressure, one end. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export function bridgeStreams(socket: Socket, stream: Duplex): void {
  socket.on('error', () => socket.destroy());
  stream.on('error', () => stream.destroy());
  socket.once('close', () => stream.destroy());
  // What it said last is still on its way.
  stream.once('close', () => socket.destroySoon());
  socket.pipe(stream);
  stream.pipe(socket);
}
