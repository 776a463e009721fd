/**
 * Endpoints of RouteSuites: a server of its own for each endpoint *of each cluster*, so that where a request comes in
 * tells which cluster sent it. Plaintext or TLS, HTTP/1.1, HTTP/2 or bytes: whatever the sidecar speaks.
 */
import { once } from 'node:events';
import { constants, performServerHandshake, type ServerHttp2Stream } from 'node:http2';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { RouteCase } from '../../model/route-suite.ts';
import type { ShownCertificate } from './certificates.ts';
import { readHttp1Arrival } from './http1-arrival.ts';
import { CASE_HEADER, type Arrival } from './recorder.ts';

/** One endpoint as one cluster knows it. */
export interface Place {
  /** Istio's name. */
  cluster: string;
  ip: string;
}

export interface Routed {
  place: Place;
  /** null: bytes that are no HTTP. */
  arrival: Arrival | null;
  host: string;
  tls: '' | 'simple' | 'mutual';
  sni: string;
}

type Answering = RouteCase['upstream'];

export class RouteUpstream {
  readonly #servers = new Map<string, Server>();
  readonly #sockets = new Set<Socket>();
  readonly #arrived = new Map<number, Routed[]>();
  readonly #mirrored = new Map<number, Routed[]>();
  readonly #answered = new Map<number, number>();
  readonly #cases = new Map<number, { upstream: Answering; internal: boolean }>();

  /** What the endpoints do with a case; `internal`: its client itself says that it is Envoy's. */
  expect(number: number, upstream: Answering, internal: boolean): void {
    this.#cases.set(number, { upstream, internal });
  }

  requests(number: number): readonly Routed[] {
    return this.#arrived.get(number) ?? [];
  }

  mirrored(number: number): readonly Routed[] {
    return this.#mirrored.get(number) ?? [];
  }

  /** Where a place is played. */
  async address(place: Place, certificate: ShownCertificate): Promise<{ host: string; port: number }> {
    const key = `${place.cluster} ${place.ip}`;
    let server = this.#servers.get(key);
    if (server === undefined) {
      server = createServer({ noDelay: true }, (socket) => this.#accept(socket, place, certificate));
      this.#servers.set(key, server);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  }

  /** Ends the suite: its endpoints are gone. */
  async clear(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([...this.#servers.values()].map((server) => new Promise((done) => server.close(done))));
    this.#servers.clear();
  }

  #accept(socket: Socket, place: Place, certificate: ShownCertificate): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    peek(socket, (first) => {
      if (first[0] !== 0x16) {
        this.#serve(socket, { place, arrival: null, host: '', tls: '', sni: '' });
        return;
      }
      const tls = new TLSSocket(socket, {
        isServer: true,
        secureContext: createSecureContext({ cert: certificate.chainPem, key: certificate.keyPem }),
        requestCert: true,
        rejectUnauthorized: false,
      });
      let sni = '';
      tls.on('error', () => tls.destroy());
      tls.once('secure', () => {
        // Only a server of tls clears it, and HTTP/2 waits for that.
        (tls as { secureConnecting?: boolean }).secureConnecting = false;
        sni = (tls as TLSSocket & { servername?: string | false }).servername || '';
        const mutual = tls.getPeerX509Certificate() !== undefined;
        this.#serve(tls, { place, arrival: null, host: '', tls: mutual ? 'mutual' : 'simple', sni });
      });
    });
  }

  #serve(stream: Duplex, seen: Routed): void {
    peek(stream, (first) => {
      const text = first.toString('latin1', 0, 5);
      if (text === 'case ') this.#serveTcp(stream, seen);
      else if (text === 'PRI *') this.#serveHttp2(stream, seen);
      else this.#serveHttp1(stream, seen);
    });
  }

  #serveTcp(stream: Duplex, seen: Routed): void {
    stream.on('data', (chunk: Buffer) => {
      const number = /^case (\d+)\n/.exec(chunk.toString('latin1'))?.[1];
      if (number !== undefined) this.#record(Number(number), seen);
      stream.write(chunk);
    });
  }

  /** The status to answer with, and what else; what came by a mirror is answered 200. */
  #record(number: number, seen: Routed): { status: number; upstream: NonNullable<Answering> } {
    const known = this.#cases.get(number);
    const upstream = known?.upstream ?? { status: [], delayMs: 0, headers: {} };
    const internal = seen.arrival?.headers.some(([name]) => name === 'x-envoy-internal') ?? false;
    const mirror = internal && known?.internal !== true;
    const list = mirror ? this.#mirrored : this.#arrived;
    list.set(number, [...(list.get(number) ?? []), seen]);
    if (mirror || upstream.status.length === 0)
      return { status: 200, upstream: mirror ? { ...upstream, delayMs: 0 } : upstream };
    const turn = this.#answered.get(number) ?? 0;
    this.#answered.set(number, turn + 1);
    return { status: upstream.status[Math.min(turn, upstream.status.length - 1)] ?? 200, upstream };
  }

  #serveHttp1(stream: Duplex, seen: Routed): void {
    let pending = Buffer.alloc(0);
    let turn: Promise<void> = Promise.resolve();
    stream.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      for (let read = readHttp1Arrival(pending); read !== null; read = readHttp1Arrival(pending)) {
        pending = pending.subarray(read.length);
        const { arrival } = read;
        turn = turn.then(() => this.#answerHttp1(stream, { ...seen, arrival, host: hostOf(arrival) }));
      }
    });
  }

  async #answerHttp1(stream: Duplex, seen: Routed): Promise<void> {
    const number = Number(seen.arrival?.headers.find(([name]) => name === CASE_HEADER)?.[1]);
    const { status, upstream } = this.#record(number, seen);
    await delay(upstream.delayMs);
    if (status < 0) {
      stream.destroy();
      return;
    }
    const bodiless = status === 204 || status === 304;
    const lines = Object.keys(upstream.headers)
      .toSorted()
      .map((name) => `${name}: ${upstream.headers[name]}\r\n`);
    const length = bodiless ? '' : 'content-length: 2\r\n';
    const body = bodiless || seen.arrival?.method === 'HEAD' ? '' : 'ok';
    stream.write(`HTTP/1.1 ${status} Status\r\n${lines.join('')}${length}\r\n${body}`);
  }

  #serveHttp2(stream: Duplex, seen: Routed): void {
    const session = performServerHandshake(stream);
    session.on('error', () => stream.destroy());
    session.on('stream', (exchange: ServerHttp2Stream, _headers, _flags, raw: unknown) => {
      const flat = raw as string[];
      const headers = Array.from({ length: flat.length / 2 }, (_, index): [string, string] => [
        (flat[index * 2] as string).toLowerCase(),
        flat[index * 2 + 1] as string,
      ]);
      const value = (name: string): string => headers.find(([present]) => present === name)?.[1] ?? '';
      const arrival = {
        method: value(':method'),
        path: value(':path'),
        headers: headers.filter(([name]) => !name.startsWith(':')),
      };
      exchange.on('error', () => undefined);
      exchange.resume();
      exchange.once(
        'end',
        () => void this.#answerHttp2(exchange, { ...seen, arrival, host: value(':authority') }),
      );
    });
  }

  async #answerHttp2(exchange: ServerHttp2Stream, seen: Routed): Promise<void> {
    const value = (name: string): string =>
      seen.arrival?.headers.find(([present]) => present === name)?.[1] ?? '';
    const { status, upstream } = this.#record(Number(value(CASE_HEADER)), seen);
    await delay(upstream.delayMs);
    if (exchange.destroyed) return;
    if (status < 0) {
      exchange.close(constants.NGHTTP2_INTERNAL_ERROR);
      return;
    }
    const grpc = value('content-type').startsWith('application/grpc');
    const code = status < 100 ? 200 : status;
    const fields = { ':status': code, ...upstream.headers };
    if (grpc && status < 100 && status > 0)
      exchange.respond(
        { ...fields, 'content-type': 'application/grpc', 'grpc-status': String(status) },
        { endStream: true },
      );
    else if (grpc && code === 200) {
      exchange.respond({ ...fields, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      exchange.once('wantTrailers', () => exchange.sendTrailers({ 'grpc-status': '0' }));
      exchange.end();
    } else {
      exchange.respond({ ...fields, 'content-length': '2' });
      exchange.end('ok');
    }
  }
}

function hostOf({ headers }: Arrival): string {
  const values = headers.filter(([name]) => name === 'host').map(([, value]) => value);
  // Suites are UTF-8, and so were the bytes that a client sent.
  return Buffer.from(values.join(','), 'latin1').toString();
}

function delay(ms: number): Promise<void> {
  return ms > 0 ? new Promise((done) => setTimeout(done, ms)) : Promise.resolve();
}

/** Waits for the first bytes, and puts them back. */
function peek(stream: Duplex, use: (first: Buffer) => void): void {
  const take = (): void => {
    const chunk = stream.read() as Buffer | null;
    if (chunk === null) return;
    stream.off('readable', take);
    stream.unshift(chunk);
    use(chunk);
  };
  stream.on('readable', take);
  take();
}
