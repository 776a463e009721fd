/** An application that speaks HTTP/2 by prior knowledge, and logs what it got. */
import { once } from 'node:events';
import http2 from 'node:http2';
import { listenLocally } from './local-server.ts';

export interface Http2Application {
  address: { host: string; port: number };
  /** `METHOD path` of every request. */
  requests: string[];
  /** Connections that are open to it. */
  sessions: ReadonlySet<http2.ServerHttp2Session>;
  close(): Promise<void>;
}

/** `/echo` sends body and trailers back; anything else tells what it got. */
export async function startHttp2Application(
  handler?: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void,
): Promise<Http2Application> {
  const requests: string[] = [];
  const sessions = new Set<http2.ServerHttp2Session>();
  const server = http2.createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => undefined);
    session.once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream: http2.ServerHttp2Stream, headers) => {
    requests.push(`${headers[':method']} ${headers[':path']}`);
    stream.on('error', () => undefined);
    if (handler) handler(stream, headers);
    else if (headers[':path'] === '/echo') echo(stream);
    else tell(stream, headers);
  });
  const port = await listenLocally(server);
  return {
    address: { host: '127.0.0.1', port },
    requests,
    sessions,
    close: async () => {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function echo(stream: http2.ServerHttp2Stream): void {
  let trailers: http2.IncomingHttpHeaders = {};
  stream.on('trailers', (fields) => {
    trailers = fields;
  });
  stream.respond({ ':status': 200 }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ ...trailers }));
  stream.pipe(stream);
}

function tell(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void {
  stream.resume();
  stream.once('end', () => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    stream.end(JSON.stringify(headers));
  });
}
