/**
 * The window over HTTP and WebSocket on loopback. A one-time token in the first URL becomes a cookie; without it
 * nothing is answered. Host and Origin must be our own, so neither a rebound name nor another site's page gets in.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { EnvironmentError } from '../model/environment-error.ts';
import { attachWindow } from './attach-window.ts';
import type { Host } from './host.ts';
import { WINDOW_HEADERS, windowFile, windowFolder } from './window-files.ts';

export interface Served {
  /** With the one-time token: for the browser that is to open it, and for nobody else. */
  url: string;
  port: number;
  close(): Promise<void>;
}

const COOKIE = 'greenroom';
const MAX_FRAME_BYTES = 4 * 1024 * 1024;
/** A window that reads too slowly is let go rather than fed from our memory. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;

function same(given: string | undefined, secret: string): boolean {
  const a = Buffer.from(given ?? '');
  const b = Buffer.from(secret);
  return a.length === b.length && timingSafeEqual(a, b);
}

function cookieOf(request: IncomingMessage): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([name]) => name === COOKIE)?.[1];
}

function refuse(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, { ...WINDOW_HEADERS, 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${words}\n`);
}

/**
 * Serves `host` on 127.0.0.1.
 * @param port 0 = any free one
 * @param folder the window's files, as built
 * @throws EnvironmentError `port-taken`, `window-not-built`
 */
export async function serve(host: Host, port: number, folder: string = windowFolder()): Promise<Served> {
  const cookie = randomBytes(32).toString('base64url');
  // Cookies know hosts, not ports: without a path of its own, every service that a browser opens on this machine
  // would be sent ours, and two Greenrooms would log each other out.
  const base = `/${randomBytes(16).toString('base64url')}/`;
  let token: string | null = randomBytes(32).toString('base64url');
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES });
  let own = '';

  /** A name that an attacker's DNS points at loopback isn't ours. */
  const known = (request: IncomingMessage): boolean => request.headers.host === own;

  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!known(request)) return refuse(response, 421, 'This is not the address that Greenroom serves.');
    if (request.method !== 'GET') return refuse(response, 405, 'Only GET.');
    const url = new URL(request.url ?? '/', `http://${own}`);
    const given = url.searchParams.get('token');
    if (given !== null) {
      if (token === null || !same(given, token)) {
        if (same(cookieOf(request), cookie)) return redirect(response, {});
        return refuse(
          response,
          403,
          'This link was used already or is not ours. Start `greenroom serve` again for a new one.',
        );
      }
      token = null;
      return redirect(response, {
        'set-cookie': `${COOKIE}=${cookie}; HttpOnly; SameSite=Strict; Path=${base}; Max-Age=43200`,
      });
    }
    if (!same(cookieOf(request), cookie)) {
      return refuse(response, 403, 'Open the link that `greenroom serve` printed.');
    }
    const file = url.pathname.startsWith(base)
      ? await windowFile(folder, `/${url.pathname.slice(base.length)}`)
      : null;
    if (file === null) return refuse(response, 404, 'No such file.');
    response.writeHead(200, { ...WINDOW_HEADERS, 'content-type': file.type });
    response.end(file.body);
  }

  function redirect(response: ServerResponse, headers: Record<string, string>): void {
    response.writeHead(303, { ...WINDOW_HEADERS, ...headers, location: base });
    response.end();
  }

  server.on('upgrade', (request, socket, head) => {
    const allowed =
      known(request) &&
      request.url === `${base}ws` &&
      request.headers.origin === `http://${own}` &&
      same(cookieOf(request), cookie);
    if (!allowed) {
      // Destroyed once said: a half-closed socket that its client keeps would outlive the server.
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n', () =>
        socket.destroy(),
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (ws) => carry(host, ws));
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new EnvironmentError('port-taken', `port ${port} on 127.0.0.1 is taken`, {
              hint: 'another --port, or --port 0 for any free one',
              cause: error,
            })
          : error,
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  own = `127.0.0.1:${bound}`;
  return {
    url: `http://${own}${base}?token=${token}`,
    port: bound,
    close: async () => {
      for (const ws of sockets.clients) ws.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function carry(host: Host, ws: WebSocket): void {
  ws.on('error', () => ws.terminate());
  const detach = attachWindow(host, {
    send: (text) => {
      if (ws.bufferedAmount > MAX_BUFFERED_BYTES) ws.terminate();
      else ws.send(text);
    },
    onMessage: (sink) => {
      ws.on('message', (data, binary) => {
        if (binary) ws.terminate();
        else sink(String(data));
      });
    },
  });
  ws.on('close', detach);
}
