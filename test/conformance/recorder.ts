/**
 * The application behind every sidecar of a conformance run: an HTTP/1.1 server that keeps what arrives, nothing
 * decoded, and a TCP echo. It reads bytes by itself: what it saw is the witness against the data plane's own word.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { readHttp1Arrival } from './http1-arrival.ts';

/** Carries a case's number to whoever is behind the sidecar. */
export const CASE_HEADER = 'x-oracle-case';

/** A request as it arrived; one character a byte. */
export interface Arrival {
  method: string;
  path: string;
  /** Names lower-case, in order. */
  headers: [string, string][];
}

export interface Recorder {
  http: { host: string; port: number };
  tcp: { host: string; port: number };
  /** What arrived of the HTTP case; null = nothing. */
  arrival(number: number): Arrival | null;
  /** Whether bytes of the TCP case arrived. */
  echoed(number: number): boolean;
  close(): Promise<void>;
}

/** Starts both servers on free ports of loopback. */
export async function startRecorder(): Promise<Recorder> {
  const arrivals = new Map<number, Arrival>();
  const echoed = new Set<number>();
  const sockets = new Set<Socket>();
  const http = await listen(sockets, (socket) => serveHttp(socket, arrivals));
  const tcp = await listen(sockets, (socket) => echo(socket, echoed));
  return {
    http: addressOf(http),
    tcp: addressOf(tcp),
    arrival: (number) => arrivals.get(number) ?? null,
    echoed: (number) => echoed.has(number),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([http, tcp].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

async function listen(sockets: Set<Socket>, serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function addressOf(server: Server): { host: string; port: number } {
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

function echo(socket: Socket, echoed: Set<number>): void {
  socket.on('data', (chunk: Buffer) => {
    const number = /^case (\d+)\n/.exec(chunk.toString('latin1'))?.[1];
    if (number !== undefined) echoed.add(Number(number));
    socket.write(chunk);
  });
}

function serveHttp(socket: Socket, arrivals: Map<number, Arrival>): void {
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const read = readHttp1Arrival(pending);
      if (read === null) return;
      pending = pending.subarray(read.length);
      const number = read.arrival.headers.find(([name]) => name === CASE_HEADER)?.[1];
      if (number !== undefined) arrivals.set(Number(number), read.arrival);
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n${read.arrival.method === 'HEAD' ? '' : 'ok'}`,
      );
    }
  });
}
