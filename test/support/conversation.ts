/**
 * One conversation of a client and an application through a pair of sidecars, written down: what the client got and what
 * the application saw. The same conversation through two pairs gives two transcripts to compare.
 */
import { once } from 'node:events';
import net from 'node:net';
import { ByteStream } from './byte-stream.ts';
import { readBody, readHead, type SeenHead, type SeenMessage } from './http1-message.ts';
import { listenLocally } from './local-server.ts';

/** What the application does when nobody tells it something else. */
export const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const PROBE = 'GET /still-there HTTP/1.1\r\nHost: orders\r\n\r\n';

export interface Transcript {
  got: (SeenMessage | string)[];
  saw: (SeenMessage | string)[];
  /** Whether the client's connection answered one more request afterwards. */
  connection: 'alive' | 'closed';
}

/** A request that reached the application. */
export interface Arrived {
  head: SeenHead;
  /** Resolves when it is here in full, and notes it. */
  whole(): Promise<SeenMessage>;
  /** Part of an answer. */
  write(bytes: string | Buffer): void;
  /** The last of an answer: the next request of the connection may be read. */
  answer(bytes: string | Buffer): void;
  stream: ByteStream;
}

export interface Talk {
  client: {
    send(bytes: string | Buffer): void;
    /** Half-closes. */
    end(): void;
    /** The next answer, interim ones included; noted. */
    answer(request?: 'HEAD'): Promise<SeenMessage | null>;
    stream: ByteStream;
  };
  application: {
    /** From now on this test answers; else every request gets `reply`. */
    next(): Promise<Arrived>;
    /** What each request is answered with from now on. */
    reply(bytes: string | Buffer): void;
  };
  note(side: 'got' | 'saw', what: string): void;
}

export interface Application {
  port: number;
  /** Hands requests to a conversation; returns the end of that. */
  serve(handler: (arrived: Arrived) => Promise<void>): void;
  close(): Promise<void>;
}

/** An application that reads strictly and says only what it is told to. */
export async function startScriptedApplication(): Promise<Application> {
  let handler: (arrived: Arrived) => Promise<void> = async () => undefined;
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.once('end', () => socket.end());
    const stream = new ByteStream(socket);
    void serveConnection(stream, (arrived) => handler(arrived));
  });
  const port = await listenLocally(server);
  return {
    port,
    serve: (next) => {
      handler = next;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serveConnection(
  stream: ByteStream,
  handler: (arrived: Arrived) => Promise<void>,
): Promise<void> {
  for (;;) {
    const head = await readHead(stream);
    if (head === null) return;
    const answered = Promise.withResolvers<void>();
    let whole: Promise<SeenMessage> | null = null;
    const write = (bytes: string | Buffer): void => void stream.socket.write(bytes);
    await handler({
      head,
      stream,
      whole: () => (whole ??= readBody(stream, head, 'request')),
      write,
      answer: (bytes) => {
        write(bytes);
        answered.resolve();
      },
    });
    // Until then the bytes of the connection are the test's.
    await answered.promise;
  }
}

/** Plays a conversation and writes it down. */
export async function converse(
  at: { host: string; port: number },
  application: Application,
  play: (talk: Talk) => Promise<void>,
): Promise<Transcript> {
  const transcript: Transcript = { got: [], saw: [], connection: 'closed' };
  let reply: string | Buffer = OK;
  const waiting: ((arrived: Arrived) => void)[] = [];
  const arrivedEarly: Arrived[] = [];
  let byHand = false;
  application.serve(async (arrived) => {
    const noted: Arrived = {
      ...arrived,
      whole: async () => {
        const message = await arrived.whole();
        if (!message.start.includes('/still-there')) transcript.saw.push(message);
        return message;
      },
    };
    if (arrived.head.start.includes('/still-there')) {
      await arrived.whole();
      arrived.answer(OK);
    } else if (byHand) {
      const waiter = waiting.shift();
      if (waiter) waiter(noted);
      else arrivedEarly.push(noted);
    } else {
      const { start } = await noted.whole();
      arrived.answer(start.startsWith('HEAD ') ? withoutBody(reply) : reply);
    }
  });
  const socket = net.connect({ ...at, noDelay: true, allowHalfOpen: true });
  await once(socket, 'connect');
  const stream = new ByteStream(socket);
  const answer = async (request?: 'HEAD'): Promise<SeenMessage | null> => {
    const message = await readAnswer(stream, request);
    transcript.got.push(message ?? 'connection closed');
    return message;
  };
  try {
    await play({
      client: { send: (bytes) => void socket.write(bytes), end: () => void socket.end(), answer, stream },
      application: {
        next: () => {
          byHand = true;
          const early = arrivedEarly.shift();
          return early ? Promise.resolve(early) : new Promise((resolve) => waiting.push(resolve));
        },
        reply: (bytes) => {
          reply = bytes;
        },
      },
      note: (side, what) => void transcript[side].push(what),
    });
    byHand = false;
    if (socket.writable) socket.write(PROBE);
    transcript.connection = (await readAnswer(stream)) === null ? 'closed' : 'alive';
  } finally {
    socket.destroy();
  }
  return transcript;
}

/** Up to the end of its head. */
function withoutBody(bytes: string | Buffer): Buffer {
  const whole = Buffer.from(bytes);
  return whole.subarray(0, whole.indexOf('\r\n\r\n') + 4);
}

async function readAnswer(stream: ByteStream, request?: 'HEAD'): Promise<SeenMessage | null> {
  const head = await readHead(stream);
  if (head === null) return null;
  const status = Number(head.start.split(' ')[1]);
  const bodiless = request === 'HEAD' || status < 200 || status === 204 || status === 304;
  return readBody(stream, head, bodiless ? 'bodiless response' : 'response');
}
