/**
 * Clients that ask without a pause, one request in flight on each connection, and tell of every answer when it was
 * asked for and when it was there. Raw sockets: a connection that breaks is seen as one, nothing is tried again.
 */
import { once } from 'node:events';
import net from 'node:net';

export interface Answered {
  id: string;
  status: number;
  sentAt: number;
  /** ms on the same clock as `sentAt`. */
  receivedAt: number;
}

export interface StormSinks {
  answered(answer: Answered): void;
  /** The connection broke, with this request on its way. */
  broken(id: string, at: number): void;
}

export interface Storm {
  /** Lets each connection finish its request, and closes it. */
  stop(): Promise<void>;
}

const HEAD_END = '\r\n\r\n';

/** Opens `connections` to `at`. */
export async function startStorm(
  at: { host: string; port: number },
  connections: number,
  sinks: StormSinks,
): Promise<Storm> {
  let stopping = false;
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = net.connect({ ...at, noDelay: true });
      await once(socket, 'connect');
      return socket;
    }),
  );
  const done = sockets.map((socket, index) => drive(socket, index, sinks, () => stopping));
  return {
    stop: async () => {
      stopping = true;
      await Promise.all(done);
    },
  };
}

function requestOf(id: string, withBody: boolean): string {
  const head = `${withBody ? 'POST' : 'GET'} /charge HTTP/1.1\r\nHost: orders\r\nx-request-id: ${id}\r\n`;
  const body = 'x'.repeat(1_000);
  return withBody ? `${head}Content-Length: ${body.length}${HEAD_END}${body}` : head + HEAD_END.slice(2);
}

function drive(socket: net.Socket, index: number, sinks: StormSinks, isLast: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    let count = 0;
    let id = '';
    let sentAt = 0;
    let text = '';
    let over = false;
    const send = (): void => {
      count += 1;
      id = `c${index}-${count}`;
      text = '';
      sentAt = performance.now();
      socket.write(requestOf(id, count % 10 === 0));
    };
    const end = (): void => {
      over = true;
      socket.destroy();
      resolve();
    };
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const head = text.indexOf(HEAD_END);
      if (head < 0) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? Number.NaN);
      if (text.length < head + HEAD_END.length + length) return;
      sinks.answered({ id, status: Number(text.slice(9, 12)), sentAt, receivedAt: performance.now() });
      if (isLast()) end();
      else send();
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      if (!over) sinks.broken(id, performance.now());
      resolve();
    });
    send();
  });
}
