/**
 * The application behind every sidecar of a conformance run: an HTTP/1.1 server that keeps what arrives, nothing
 * decoded, and a TCP echo. It reads bytes by itself: what it saw is the witness against the data plane's own word.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

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
      const read = readArrival(pending);
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

/** The first whole request of `bytes`, and how long it is. */
function readArrival(bytes: Buffer): { arrival: Arrival; length: number } | null {
  const end = bytes.indexOf('\r\n\r\n', 0, 'latin1');
  if (end < 0) return null;
  const [requestLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const space = requestLine.indexOf(' ');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  const arrival = {
    method: requestLine.slice(0, space),
    path: requestLine.slice(space + 1, requestLine.lastIndexOf(' ')),
    headers,
  };
  const length = bodyEnd(bytes, end + 4, headers);
  return length === null ? null : { arrival, length };
}

/** Where the body ends; null while it isn't whole. */
function bodyEnd(bytes: Buffer, start: number, headers: readonly [string, string][]): number | null {
  const length = headers.find(([name]) => name === 'content-length')?.[1];
  if (length !== undefined) return bytes.length >= start + Number(length) ? start + Number(length) : null;
  if (!headers.some(([name]) => name === 'transfer-encoding')) return start;
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at, 'latin1');
    if (lineEnd < 0) return null;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    at = lineEnd + 2 + size + 2;
    if (at > bytes.length) return null;
    if (size === 0) return at;
  }
}
