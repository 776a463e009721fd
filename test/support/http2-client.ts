/** An HTTP/2 client for tests: Node's own, whole answers with trailers, over TLS or plaintext. */
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import type { IssuedLeaf } from '../../mesh/pki/leaf.ts';

export interface Http2Answer {
  status: number;
  headers: http2.IncomingHttpHeaders;
  body: string;
  trailers: http2.IncomingHttpHeaders;
}

export interface Http2Client {
  session: http2.ClientHttp2Session;
  /** One request with a whole answer; rejects when the stream or the connection ends without one. */
  ask(headers?: http2.OutgoingHttpHeaders, body?: string | Buffer): Promise<Http2Answer>;
  close(): Promise<void>;
}

/** Connects; `leaf` = mutual TLS with this certificate, none = plaintext by prior knowledge. */
export async function connectHttp2(
  at: { host: string; port: number },
  leaf: IssuedLeaf | null = null,
  alpn: string[] = ['istio-h2', 'istio', 'h2'],
): Promise<Http2Client> {
  const socket: net.Socket =
    leaf === null
      ? net.connect({ ...at, noDelay: true })
      : tls.connect({
          ...at,
          cert: leaf.certificateChainPem,
          key: leaf.privateKey.reveal(),
          ALPNProtocols: alpn,
          rejectUnauthorized: false,
        });
  await once(socket, leaf === null ? 'connect' : 'secureConnect');
  const session = http2.connect('http://orders', { createConnection: () => socket });
  session.on('error', () => undefined);
  return {
    session,
    ask: (headers, body) => ask(session, headers ?? {}, body),
    close: async () => {
      if (socket.destroyed) return;
      const closed = once(socket, 'close');
      session.destroy();
      await closed;
    },
  };
}

/** One request on an open session. */
export async function ask(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: string | Buffer,
): Promise<Http2Answer> {
  const stream = session.request(
    { ':authority': 'orders', ':path': '/', ...headers },
    { endStream: body === undefined },
  );
  const answer: Http2Answer = { status: 0, headers: {}, body: '', trailers: {} };
  const chunks: Buffer[] = [];
  stream.on('response', (fields) => {
    answer.status = Number(fields[':status']);
    answer.headers = fields;
  });
  stream.on('trailers', (fields) => {
    answer.trailers = fields;
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (body !== undefined) stream.end(body);
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject);
    stream.once('close', () => {
      if (answer.status === 0) reject(new Error(`closed with ${stream.rstCode}`));
      else resolve();
    });
  });
  answer.body = Buffer.concat(chunks).toString();
  return answer;
}
