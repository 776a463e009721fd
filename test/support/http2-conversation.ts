/**
 * One conversation over HTTP/2 through a pair of sidecars, written down: what the client got and what the application
 * saw, stream by stream. Both ends are Node's own, which knows nothing of our codec; what it would never send, a
 * conversation sends as bytes (`frames`).
 */
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { HpackDecoder } from '../../wire/http2/hpack-decoder.ts';
import { FLAG, FRAME } from '../../wire/http2/protocol.ts';
import { framesOf, HELLO } from './http2-frames.ts';
import { listenLocally } from './local-server.ts';
import { eventually } from './patience.ts';

export type Fields = readonly (readonly [string, string])[];

/** A stream as one end saw it. */
export interface SeenStream {
  interim: Fields[];
  fields: Fields;
  body: string;
  trailers: Fields | null;
  /** `complete`, or what broke it off: `reset 8`, `connection closed`. */
  end: string;
}

export interface Http2Transcript {
  got: (SeenStream | string)[];
  saw: (SeenStream | string)[];
  /** Whether the client's connection answered one more request afterwards. */
  connection: 'alive' | 'closed';
}

/** A request that reached the application. */
export interface ArrivedStream {
  stream: http2.ServerHttp2Stream;
  /** Resolves when no more of it comes; noted by then. */
  whole(): Promise<SeenStream>;
  answer(fields: Fields, body?: string | Buffer, trailers?: Fields): void;
}

export interface Http2Talk {
  client: {
    /** Begins a request; `open` leaves it so. */
    request(fields: Fields, body?: string | Buffer | 'open', trailers?: Fields): http2.ClientHttp2Stream;
    /** Its answer when the stream is over; noted. */
    answer(stream: http2.ClientHttp2Stream): Promise<SeenStream>;
    session: http2.ClientHttp2Session;
    /**
     * Sends these frames on a connection of their own, and notes what comes on stream 1 until that or all is over;
     * `afterwards` once the request has arrived, which nobody answers then.
     */
    frames(frames: Buffer[], afterwards?: Buffer[]): Promise<void>;
  };
  application: {
    /** From now on this test answers; else every request gets `ok`. */
    next(): Promise<ArrivedStream>;
  };
  note(side: 'got' | 'saw', what: string): void;
}

export interface ScriptedHttp2Application {
  port: number;
  serve(handler: (arrived: ArrivedStream, path: string) => Promise<void>): void;
  close(): Promise<void>;
}

const PROBE = '/still-there';
const CLOSED = 'connection closed';

export const OK: Fields = [
  [':status', '200'],
  ['content-length', '2'],
];

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [
    flat[index * 2] as string,
    flat[index * 2 + 1] as string,
  ]);
}

/** Fields as Node takes them: those of one name together. */
function grouped(fields: Fields): http2.OutgoingHttpHeaders {
  const groups: Record<string, string[]> = {};
  for (const [name, value] of fields) (groups[name] ??= []).push(value);
  return Object.fromEntries(
    Object.entries(groups).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  ) as http2.OutgoingHttpHeaders;
}

/** What comes on a stream; resolves when no more of it will. */
function watch(stream: http2.Http2Stream, until: 'end' | 'close'): Promise<SeenStream> {
  const seen: SeenStream = { interim: [], fields: [], body: '', trailers: null, end: '' };
  const chunks: Buffer[] = [];
  // A stream that is over has forgotten it.
  const { session } = stream;
  let ended = false;
  const over = Promise.withResolvers<SeenStream>();
  const done = (): void => {
    const broken = session?.destroyed === false ? `reset ${stream.rstCode}` : CLOSED;
    over.resolve({
      ...seen,
      body: Buffer.concat(chunks).toString('latin1'),
      end: ended && stream.rstCode === 0 ? 'complete' : broken,
    });
  };
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('headers', (_fields, _flags, raw: string[]) => void seen.interim.push(pairs(raw)));
  stream.on('response', (_fields, _flags, raw: string[]) => {
    seen.fields = pairs(raw);
  });
  stream.on('trailers', (_fields, _flags, raw: string[]) => {
    seen.trailers = pairs(raw);
  });
  stream.once('end', () => {
    ended = true;
    // A request's trailers are told in the turn in which its end is.
    if (until === 'end') setImmediate(done);
  });
  stream.once('close', done);
  return over.promise;
}

/** An application over HTTP/2 that says only what it is told to. */
export async function startScriptedHttp2Application(): Promise<ScriptedHttp2Application> {
  let handler: (arrived: ArrivedStream, path: string) => Promise<void> = async () => undefined;
  const sessions = new Set<http2.ServerHttp2Session>();
  const server = http2.createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => undefined);
    session.once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream: http2.ServerHttp2Stream, fields, _flags, raw: string[]) => {
    const over = watch(stream, 'end');
    const whole = async (): Promise<SeenStream> => ({ ...(await over), fields: pairs(raw) });
    const answer: ArrivedStream['answer'] = (head, body = '', trailers) =>
      respond(stream, head, body, trailers);
    void handler({ stream, whole, answer }, String(fields[':path']));
  });
  const port = await listenLocally(server);
  return {
    port,
    serve: (next) => {
      handler = next;
    },
    close: async () => {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function respond(
  stream: http2.ServerHttp2Stream,
  head: Fields,
  body: string | Buffer,
  trailers: Fields | undefined,
): void {
  if (stream.destroyed) return;
  stream.respond(grouped(head), { waitForTrailers: trailers !== undefined });
  if (trailers !== undefined) stream.once('wantTrailers', () => stream.sendTrailers(grouped(trailers)));
  stream.end(body);
}

/** Plays a conversation and writes it down. */
export async function converseHttp2(
  at: { host: string; port: number },
  application: ScriptedHttp2Application,
  play: (talk: Http2Talk) => Promise<void>,
): Promise<Http2Transcript> {
  const transcript: Http2Transcript = { got: [], saw: [], connection: 'closed' };
  const waiting: ((arrived: ArrivedStream) => void)[] = [];
  const early: ArrivedStream[] = [];
  const underWay = new Set<Promise<unknown>>();
  let byHand = false;
  application.serve(async (arrived, path) => {
    if (path === PROBE) {
      arrived.answer(OK, 'ok');
      return;
    }
    const noted = arrived.whole().then((seen) => void transcript.saw.push(seen));
    underWay.add(noted);
    if (byHand) (waiting.shift() ?? ((one) => void early.push(one)))(arrived);
    else {
      const { fields } = await arrived.whole();
      const head = fields.some(([name, value]) => name === ':method' && value === 'HEAD');
      arrived.answer(OK, head ? '' : 'ok');
    }
  });
  const next = (): Promise<ArrivedStream> => {
    byHand = true;
    const first = early.shift();
    return first ? Promise.resolve(first) : new Promise((resolve) => waiting.push(resolve));
  };
  const session = await connect(at);
  try {
    await play({
      client: {
        session,
        request: (fields, body, trailers) => send(session, fields, body, trailers),
        answer: async (stream) => {
          const seen = await watch(stream, 'close');
          transcript.got.push(seen);
          return seen;
        },
        frames: async (first, afterwards) => {
          const arrived = afterwards === undefined ? null : next();
          transcript.got.push(await sendFrames(at, first, arrived, afterwards ?? []));
        },
      },
      application: {
        next,
      },
      note: (side, what) => void transcript[side].push(what),
    });
    byHand = false;
    await Promise.all(underWay);
    transcript.connection = await isAlive(session);
  } finally {
    session.destroy();
  }
  return transcript;
}

async function connect(at: { host: string; port: number }): Promise<http2.ClientHttp2Session> {
  const session = http2.connect('http://orders', {
    createConnection: () => net.connect({ ...at, noDelay: true }),
  });
  session.on('error', () => undefined);
  await once(session, 'remoteSettings');
  return session;
}

function send(
  session: http2.ClientHttp2Session,
  fields: Fields,
  body: string | Buffer | 'open' | undefined,
  trailers: Fields | undefined,
): http2.ClientHttp2Stream {
  const bare = body === undefined && trailers === undefined;
  const stream = session.request(grouped(fields), {
    endStream: bare,
    waitForTrailers: trailers !== undefined,
  });
  stream.on('error', () => undefined);
  if (trailers !== undefined) stream.once('wantTrailers', () => stream.sendTrailers(grouped(trailers)));
  if (!bare && body !== 'open') stream.end(body);
  return stream;
}

async function isAlive(session: http2.ClientHttp2Session): Promise<'alive' | 'closed'> {
  if (session.destroyed || session.closed) return 'closed';
  const stream = send(
    session,
    [
      [':path', PROBE],
      [':authority', 'orders'],
    ],
    undefined,
    undefined,
  );
  const { fields } = await watch(stream, 'close');
  return fields.some(([name, value]) => name === ':status' && value === '200') ? 'alive' : 'closed';
}

/** What comes back on stream 1, and what ended it. */
async function sendFrames(
  at: { host: string; port: number },
  first: readonly Buffer[],
  arrived: Promise<unknown> | null,
  afterwards: readonly Buffer[],
): Promise<SeenStream> {
  const socket = net.connect({ ...at, noDelay: true });
  let bytes = Buffer.alloc(0);
  let closed = false;
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
  });
  socket.once('close', () => {
    closed = true;
  });
  socket.write(Buffer.concat([HELLO, ...first]));
  await arrived;
  socket.write(Buffer.concat(afterwards));
  const answer = await eventually('the stream or the connection is over', () => {
    const seen = readStream(bytes);
    if (seen.end !== '') return seen;
    return closed ? { ...seen, end: CLOSED } : null;
  });
  socket.destroy();
  return answer;
}

/** The frames of stream 1 so far; `end` is empty while it isn't over. */
function readStream(bytes: Buffer): SeenStream {
  const seen: SeenStream = { interim: [], fields: [], body: '', trailers: null, end: '' };
  const decoder = new HpackDecoder({ maxBytes: 1 << 20, maxFields: 1_000 }, 4_096);
  for (const { type, flags, stream, payload } of framesOf(bytes)) {
    // Envoy closes where we say why first.
    if (type === FRAME.GOAWAY) return { ...seen, end: CLOSED };
    if (stream !== 1) continue;
    if (type === FRAME.HEADERS) {
      const fields = decoder.decode(payload, 0, payload.length)?.fields ?? [];
      if (fields[0]?.[1].startsWith('1') === true && fields[0][0] === ':status') seen.interim.push(fields);
      else if (seen.fields.length === 0) seen.fields = fields;
      else seen.trailers = fields;
    }
    if (type === FRAME.DATA) seen.body += payload.toString('latin1');
    if (type === FRAME.RST_STREAM) return { ...seen, end: `reset ${payload.readUInt32BE(0)}` };
    const ends = type === FRAME.HEADERS || type === FRAME.DATA;
    if (ends && (flags & FLAG.END_STREAM) !== 0) return { ...seen, end: 'complete' };
  }
  return seen;
}
