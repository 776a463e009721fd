/** The application at the end of the pair: a strict parser (llhttp) that logs what it understood, and what it couldn't read. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { listenLocally } from '../support/local-server.ts';

/** A request as the application's parser read it. */
export interface Read {
  method: string;
  path: string;
  /** Names lower-case, in order. */
  headers: [string, string][];
  bodyBytes: number;
  complete: boolean;
}

export interface Witness {
  address: { host: string; port: number };
  /** What was read since the last `take`, and errors of the parser. */
  take(): { read: Read[]; unreadable: string[] };
  close(): Promise<void>;
}

/** The sender went away in the middle: no disagreement about what it sent. */
const CUT_OFF = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE']);

function pairsOf({ rawHeaders }: IncomingMessage): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2)
    pairs.push([(rawHeaders[index] as string).toLowerCase(), rawHeaders[index + 1] as string]);
  return pairs;
}

/** Starts the application. */
export async function startWitness(): Promise<Witness> {
  let read: Read[] = [];
  let unreadable: string[] = [];
  const server = createServer(
    { requireHostHeader: false, keepAliveTimeout: 60_000, maxHeaderSize: 128 * 1024 },
    (request, response) => {
      const log: Read = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: pairsOf(request),
        bodyBytes: 0,
        complete: false,
      };
      read.push(log);
      request.on('data', (chunk: Buffer) => {
        log.bodyBytes += chunk.length;
      });
      request.on('end', () => {
        log.complete = true;
        response.writeHead(200, { 'content-length': 2 }).end('ok');
      });
    },
  );
  server.on('upgrade', (request, socket) => {
    read.push({
      method: request.method ?? '',
      path: request.url ?? '',
      headers: pairsOf(request),
      bodyBytes: 0,
      complete: true,
    });
    socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
  });
  server.on('clientError', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket) => {
    if (!CUT_OFF.has(error.code ?? ''))
      unreadable.push(`${error.code}: ${JSON.stringify(error.rawPacket?.toString('latin1').slice(0, 400))}`);
    socket.destroy();
  });
  const port = await listenLocally(server);
  return {
    address: { host: '127.0.0.1', port },
    take: () => {
      const taken = { read, unreadable };
      read = [];
      unreadable = [];
      return taken;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
