import type { Socket } from 'node:net';

/** Writes what `next` gives as fast as it is read; null = that was all. */
export function writeAsRead(socket: Socket, next: () => Buffer | string | null): void {
  for (let piece = next(); piece !== null; piece = next()) {
    if (socket.write(piece)) continue;
    socket.once('drain', () => writeAsRead(socket, next));
    return;
  }
}
