/**
 * The client of one case: literal bytes over its own TCP and TLS, never through proxy/. It tells the data plane which
 * pod it stands for before it connects, and shows the certificate that the case names.
 */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Introduction, Target } from '../../rehearsal/attackers/connect.ts';
import { exchange } from '../../rehearsal/attackers/exchange.ts';
import type { CallingSide } from '../../policy/judge-request.ts';
import type { SentRequest } from '../../policy/receive-request.ts';
import { requestBytes } from './http1-bytes.ts';
import { exchangeHttp2 } from './http2-client.ts';
import { Tap } from './tap.ts';

/** What a client shows; null = no certificate. */
export type Shown = { chainPem: string; keyPem: string } | null;

export interface ClientCase {
  number: number;
  target: Target;
  from: CallingSide;
  certificate: Shown;
  /** null = plain TCP. */
  request: SentRequest | null;
  introduce: Introduction;
}

/** What came back. */
export interface Observation {
  status: number | null;
  body: string;
  /** Names lower-case. */
  headers: readonly (readonly [string, string])[];
  /** TCP: the bytes came back, or, over TLS that isn't the sidecar's, the client's own hello did. */
  echoed: boolean;
  /** How the connection ended, where nothing came. */
  failure: string | null;
}

const NOTHING: Observation = { status: null, body: '', headers: [], echoed: false, failure: null };

/** Plays the case; rejects only by `signal`. */
export async function playClient(one: ClientCase, signal: AbortSignal): Promise<Observation> {
  const raw = await connectAs(one, signal);
  // Only a TCP port passes TLS on undecrypted, so that only there a hello can come back.
  const tap = one.request === null ? new Tap(raw) : null;
  const secured = one.from.tls === 'plaintext' ? raw : await handshake(tap ?? raw, one, signal);
  if (typeof secured === 'string') {
    raw.destroy();
    return { ...NOTHING, failure: secured, echoed: tap?.sawItself() ?? false };
  }
  if (one.request === null) return playTcp(secured, one.number, signal);
  if (one.request.protocol === 'http1') return playHttp1(secured, one.request, one.number, signal);
  return { ...NOTHING, ...(await exchangeHttp2(secured, one.request, one.number, signal)) };
}

/**
 * A connection from an address of loopback that is the case's own (Linux has them all): a port that serves one case
 * after the other could be taken for the other. It is introduced before it is made: a sidecar may close it at once.
 */
async function connectAs({ number, target, introduce }: ClientCase, signal: AbortSignal): Promise<Socket> {
  const own = `127.${128 + ((number >> 16) & 63)}.${(number >> 8) & 255}.${number & 255}`;
  const localAddress = process.platform === 'linux' ? own : '127.0.0.1';
  const localPort = await freePort(localAddress);
  await introduce({ address: localAddress, port: localPort });
  const socket = connect({ host: target.host, port: target.port, noDelay: true, localAddress, localPort });
  signal.addEventListener('abort', () => socket.destroy(new Error('timeout')), { once: true });
  await once(socket, 'connect');
  // A reset that arrives before anybody reads is told again by whoever does.
  socket.on('error', () => undefined);
  return socket;
}

async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function playHttp1(
  stream: Duplex,
  request: SentRequest,
  number: number,
  signal: AbortSignal,
): Promise<Observation> {
  const answer = await exchange(stream, requestBytes(request, number), request.method, signal);
  if (answer.kind === 'closed') return { ...NOTHING, failure: answer.error ?? 'closed' };
  if (answer.kind === 'malformed') return { ...NOTHING, failure: `malformed: ${answer.why}` };
  const { status, headers, body } = answer.response;
  return { ...NOTHING, status, headers, body: body.toString('latin1') };
}

function playTcp(stream: Duplex, number: number, signal: AbortSignal): Promise<Observation> {
  const message = `case ${number}\n`;
  let got = '';
  return new Promise((resolve) => {
    const end = (failure: string | null): void => {
      stream.destroy();
      resolve({ ...NOTHING, failure, echoed: got === message });
    };
    stream.on('data', (chunk: Buffer) => {
      got += chunk.toString('latin1');
      if (got.length >= message.length) end(null);
    });
    stream.on('error', (error) => end(error.message));
    stream.once('close', () => end('closed'));
    signal.addEventListener('abort', () => end('timeout'), { once: true });
    if (stream.destroyed) end('closed');
    else stream.write(message);
  });
}

/** The stream, or what our own TLS said of its end. */
function handshake(
  socket: Duplex,
  { from, certificate }: ClientCase,
  signal: AbortSignal,
): Promise<Duplex | string> {
  const { alpn, sni } = from.tls as Exclude<CallingSide['tls'], 'plaintext'>;
  const stream = connectTls({
    socket,
    ...(certificate === null ? {} : { cert: certificate.chainPem, key: certificate.keyPem }),
    ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    ...(sni === null ? {} : { servername: sni }),
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ecdhCurve: 'X25519:prime256v1',
  });
  return new Promise((resolve) => {
    stream.once('secureConnect', () => resolve(stream));
    stream.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    stream.once('close', () => resolve('closed'));
    signal.addEventListener('abort', () => stream.destroy(new Error('timeout')), { once: true });
  });
}
