/** Shared connections: every stream of theirs behaves as a connection of its own, whatever the others do. */
import { once } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { Outgoing } from '../../proxy/fast/outgoing.ts';
import { MAX_STREAMS, MuxConnection } from '../../proxy/mux/mux-connection.ts';
import type { MuxStream } from '../../proxy/mux/mux-stream.ts';
import { FRAME_HEAD, type FrameKind, MUX_WINDOW, writeFrameHead, writeU32 } from '../../wire/mux-frames.ts';
import { eventually } from '../support/patience.ts';

const open: { destroy(): void }[] = [];
const servers: net.Server[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function sockets(): Promise<[net.Socket, net.Socket]> {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const dialled = net.connect({ port: (server.address() as net.AddressInfo).port, host: '127.0.0.1' });
  const [called] = await accepted;
  open.push(dialled, called);
  return [dialled, called];
}

interface Pair {
  calling: MuxConnection;
  sockets: [net.Socket, net.Socket];
  accepted: MuxStream[];
  /** The next stream, and its other end once a first byte was sent. */
  stream(): Promise<[MuxStream, MuxStream]>;
}

async function pair(): Promise<Pair> {
  const [dialled, called] = await sockets();
  const accepted: MuxStream[] = [];
  const calling = new MuxConnection(dialled, null);
  const answering = new MuxConnection(called, (stream) => accepted.push(stream));
  open.push(answering);
  return {
    calling,
    sockets: [dialled, called],
    accepted,
    stream: async () => {
      const count = accepted.length;
      const near = calling.stream();
      await eventually('the other end', () => accepted.length > count);
      return [near, accepted.at(-1) as MuxStream];
    },
  };
}

/** Bytes that tell their place. */
function content(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) bytes[at] = (at * 31 + seed * 17 + (at >> 8)) & 255;
  return bytes;
}

/** All that comes up to the end. */
function buffer(stream: MuxStream): Promise<Buffer> {
  const pieces: Buffer[] = [];
  return new Promise((resolve, reject) => {
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.once('end', () => resolve(Buffer.concat(pieces)));
    stream.once('close', () => reject(new Error('closed without an end')));
  });
}

function closed(stream: MuxStream): Promise<unknown> {
  return stream.closed ? Promise.resolve() : once(stream, 'close');
}

/** A hostile caller: frames as it likes. */
async function hostile(): Promise<{ socket: net.Socket; called: net.Socket; accepted: MuxStream[] }> {
  const [socket, called] = await sockets();
  const accepted: MuxStream[] = [];
  open.push(new MuxConnection(called, (stream) => accepted.push(stream.resume())));
  socket.on('error', () => undefined);
  return { socket, called, accepted };
}

function frame(kind: FrameKind, stream: number, bytes: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(FRAME_HEAD);
  writeFrameHead(head, kind, stream, bytes.length);
  return Buffer.concat([head, bytes]);
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  writeU32(bytes, 0, value);
  return bytes;
}

describe('a caller that breaks the rules loses the connection, and all that it carries', () => {
  const attacks: Readonly<Record<string, readonly Buffer[]>> = {
    'bytes that are no frames': [Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')],
    'a stream out of order': [frame('open', 2)],
    'a stream opened twice': [frame('open', 1), frame('open', 1)],
    'content of a stream that nobody opened': [frame('open', 1), frame('data', 2, Buffer.from('x'))],
    'more than its window': [
      frame('open', 1),
      ...Array.from({ length: 9 }, () => frame('data', 1, Buffer.alloc(MUX_WINDOW / 8, 'x'))),
    ],
    'credit that nobody gave': [frame('open', 1), frame('credit', 1, word(1))],
    'content behind the end': [frame('open', 1), frame('end', 1), frame('data', 1, Buffer.from('x'))],
    'two ends': [frame('open', 1), frame('end', 1), frame('end', 1)],
    'a tag that is no UTF-8': [frame('open', 1), frame('tag', 1, Buffer.from([0xff]))],
  };
  for (const [what, frames] of Object.entries(attacks))
    test(what, async () => {
      const [socket, called] = await sockets();
      const accepted: MuxStream[] = [];
      // Nobody reads: so the window stays as it is.
      open.push(new MuxConnection(called, (stream) => accepted.push(stream)));
      socket.on('error', () => undefined).resume();
      const gone = once(called, 'close');
      for (const bytes of frames) socket.write(bytes);
      await gone;
      for (const stream of accepted) await closed(stream.resume());
    });
});

test('the called side opens no streams: the caller hangs up', async () => {
  const [dialled, called] = await sockets();
  open.push(new MuxConnection(dialled, null));
  called.on('error', () => undefined).resume();
  const gone = once(dialled, 'close');
  called.write(frame('open', 1));
  await gone;
});

test('streams above what may be open are reset, the others stay', async () => {
  const { socket, accepted } = await hostile();
  const told: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => told.push(chunk));
  for (let id = 1; id <= 2 * MAX_STREAMS + 3; id += 1) socket.write(frame('open', id));
  const resets = Buffer.concat([1, 2, 3].map((more) => frame('reset', 2 * MAX_STREAMS + more)));
  await eventually('three resets', () => Buffer.concat(told).equals(resets));
  expect(accepted).toHaveLength(2 * MAX_STREAMS);
  expect(accepted.every((stream) => !stream.destroyed)).toBe(true);
});

test('a credit for a stream that is over, or content for it, harms nobody', async () => {
  const { socket, called, accepted } = await hostile();
  socket.write(Buffer.concat([frame('open', 1), frame('reset', 1)]));
  await eventually('the stream is over', () => accepted[0]?.closed);
  socket.write(Buffer.concat([frame('credit', 1, word(1)), frame('data', 1, Buffer.from('y'))]));
  socket.write(Buffer.concat([frame('open', 2), frame('tag', 2, Buffer.from('next'))]));
  await eventually('the next stream', () => accepted[1]?.tag === 'next');
  expect(called.destroyed).toBe(false);
});

test('a hundred streams at once carry their bytes both ways, in whatever sizes', async () => {
  const { calling, accepted } = await pair();
  const streams = Array.from({ length: 100 }, () => calling.stream());
  const results = streams.map(async (stream, index) => {
    const sent = content([0, 1, 700, 16_384, 70_001, 300_000][index % 6] ?? 0, index);
    const back = buffer(stream);
    for (let at = 0; at < sent.length; at += 9_999) stream.write(sent.subarray(at, at + 9_999));
    stream.end();
    expect((await back).equals(sent), `stream ${index}`).toBe(true);
    await closed(stream);
  });
  await eventually('all are there', () => {
    for (const stream of accepted.splice(0)) stream.pipe(stream);
    return streams.every(({ closed: over }) => over);
  });
  await Promise.all(results);
});

test('text in one byte a character arrives as it was, beside bytes', async () => {
  const [near, far] = await (await pair()).stream();
  near.write('GET /\u00ff HTTP/1.1\r\n', 'latin1');
  near.write('\u00e9', 'utf8');
  near.end(Buffer.from([0, 255]));
  expect(
    (await buffer(far)).equals(Buffer.from('GET /\u00ff HTTP/1.1\r\n\u00c3\u00a9\u0000\u00ff', 'latin1')),
  ).toBe(true);
});

test('who reads nothing holds up its own stream alone, and costs a window', async () => {
  const mesh = await pair();
  const [slow, slowFar] = await mesh.stream();
  const sent = content(2_000_000, 1);
  slow.end(sent);
  const [quick, quickFar] = await mesh.stream();
  const got = buffer(quickFar);
  quick.end(content(3_000_000, 2));
  expect((await got).equals(content(3_000_000, 2))).toBe(true);
  expect(slow.writableFinished).toBe(false);
  expect(slow.writableLength).toBe(sent.length);
  expect((await buffer(slowFar)).equals(sent)).toBe(true);
});

test('one side may end while the other still sends', async () => {
  const [near, far] = await (await pair()).stream();
  near.resume().end('question');
  expect((await buffer(far)).toString()).toBe('question');
  expect(far.destroyed).toBe(false);
  far.write('answer');
  far.end();
  await Promise.all([closed(near), closed(far)]);
});

test('what was ended and then closed is read whole, with its end', async () => {
  const [near, far] = await (await pair()).stream();
  near.on('error', () => undefined);
  far.end(content(200_000, 3), () => far.destroy());
  await closed(far).catch(() => undefined);
  expect((await buffer(near)).equals(content(200_000, 3))).toBe(true);
  await closed(near);
});

test('what came before a reset is read first, then the stream closes without an end', async () => {
  const [near, far] = await (await pair()).stream();
  far.write('half an answer');
  near.read(0);
  await eventually('it came', () => near.readableLength > 0);
  far.destroy();
  await closed(far);
  const seen: string[] = [];
  near.on('end', () => seen.push('end')).on('data', (chunk: Buffer) => seen.push(chunk.toString()));
  await closed(near);
  expect(seen).toEqual(['half an answer']);
});

test('with the shared connection every stream ends, once what came is read', async () => {
  const mesh = await pair();
  const [near, far] = await mesh.stream();
  const [other, otherFar] = await mesh.stream();
  far.write('last words');
  near.read(0);
  await eventually('they came', () => near.readableLength > 0);
  mesh.sockets[1].destroy();
  await Promise.all([closed(other), closed(otherFar)]);
  expect(near.destroyed).toBe(false);
  const seen: Buffer[] = [];
  near.on('data', (chunk: Buffer) => seen.push(chunk));
  await closed(near);
  expect(Buffer.concat(seen).toString()).toBe('last words');
  expect(mesh.calling.hasRoom).toBe(false);
});

test('a stream that is destroyed frees its place at both ends', async () => {
  const mesh = await pair();
  const streams = Array.from({ length: MAX_STREAMS }, () =>
    mesh.calling.stream().on('error', () => undefined),
  );
  for (const stream of streams) stream.write('x');
  expect(mesh.calling.hasRoom).toBe(false);
  await eventually('all are there', () => mesh.accepted.length === MAX_STREAMS);
  streams[5]?.destroy();
  mesh.accepted[5]?.resume();
  await eventually('the place is free', () => mesh.calling.hasRoom && mesh.accepted[5]?.closed);
});

test('a tag goes before the bytes that it is of', async () => {
  const mesh = await pair();
  const [near, far] = await mesh.stream();
  const seen: (string | null)[] = [];
  far.on('data', (chunk: Buffer) => seen.push(far.tag, chunk.toString()));
  for (const tag of ['one', null, 'three']) {
    mesh.calling.sendTag(near.id, tag);
    near.write(`${tag}`);
    await eventually('it came', () => seen.at(-1) === `${tag}`);
  }
  expect(seen).toEqual(['one', 'one', null, 'null', 'three', 'three']);
});

test('as of a socket: destroySoon writes first, and a timeout is told when nothing moves', async () => {
  const [near, far] = await (await pair()).stream();
  near.write('all of it');
  near.destroySoon();
  expect((await buffer(far)).toString()).toBe('all of it');
  far.setTimeout(20);
  await once(far, 'timeout');
});

test('what is lent stays as it is until it is written, also where the stream is reset meanwhile', async () => {
  const { socket, accepted } = await hostile();
  const count = 60;
  for (let id = 1; id <= count; id += 1) socket.write(frame('open', id));
  await eventually('all are there', () => accepted.length === count);
  for (const stream of accepted.map((one) => one.on('error', () => undefined))) {
    // Whoever lends bytes uses their memory again, for another's answer.
    const lent = Buffer.alloc(200_000, 'a');
    stream.write(lent, () => lent.fill('?'));
  }
  for (let id = 1; id <= count; id += 1) socket.write(frame('reset', id));
  await eventually('all are reset', () => accepted.every((stream) => stream.destroyed));
  const seen: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => seen.push(chunk));
  accepted.length = 0;
  socket.write(Buffer.concat([frame('open', count + 1)]));
  await eventually('the next is there', () => accepted.length === 1);
  accepted[0]?.write('over');
  await eventually('all is read', () => seen.at(-1)?.toString('latin1').endsWith('over'));
  const read = Buffer.concat(seen);
  expect(read.length).toBeGreaterThan(200_000);
  expect(read.includes('?')).toBe(false);
});

test('what is sent at once ends where the credit does, and a drain comes with more of it', async () => {
  const [near, far] = await (await pair()).stream();
  expect(far.holdsBack()).toBe(false);
  const lent = content(2 * MUX_WINDOW, 5);
  expect(far.sendNow(lent)).toBe(MUX_WINDOW);
  expect(far.sendNow(lent.subarray(MUX_WINDOW))).toBe(0);
  expect(far.holdsBack()).toBe(true);
  far.end(Buffer.from(lent.subarray(MUX_WINDOW)));
  lent.fill('?');
  const drained = once(far, 'drain');
  expect((await buffer(near)).equals(content(2 * MUX_WINDOW, 5))).toBe(true);
  await drained;
});

test('text goes at once whole, or not at all', async () => {
  const [near, far] = await (await pair()).stream();
  far.sendNow(content(MUX_WINDOW - 3, 2));
  expect(far.sendText('four')).toBe(false);
  expect(far.sendText('two')).toBe(true);
  far.write('after');
  expect(far.sendText('not past it')).toBe(false);
  far.end();
  const read = await buffer(near);
  expect(read.subarray(MUX_WINDOW - 3).toString()).toBe('twoafter');
});

test('who is held back is told of a drain also where the other side is gone meanwhile', async () => {
  const { socket, accepted } = await hostile();
  socket.write(frame('open', 1));
  await eventually('it is there', () => accepted.length === 1);
  const [stream] = accepted as [MuxStream];
  stream.on('error', () => undefined);
  expect(stream.sendNow(content(MUX_WINDOW, 1))).toBe(MUX_WINDOW);
  expect(stream.holdsBack()).toBe(true);
  const drained = once(stream, 'drain');
  socket.write(frame('reset', 1));
  await drained;
});

test('streams that find the connection full have their turn in the order in which they did', async () => {
  const { stream } = await pair();
  const all: [MuxStream, MuxStream][] = [];
  while (all.length < 61) all.push(await stream());
  const whole: MuxStream[] = [];
  const begun: MuxStream[] = [];
  for (const [near] of all) {
    near.once('data', () => begun.push(near)).on('data', () => undefined);
    near.once('end', () => whole.push(near));
  }
  for (const [, far] of all) far.end(content(8 * MUX_WINDOW, 7));
  await eventually('one is whole', () => whole.length > 0);
  expect(begun).toHaveLength(61);
  await eventually('all are', () => whole.length === 61);
});

/** A connection to somebody who is slow: it takes a write when it is told to. */
class SlowSocket extends Duplex {
  #taken: () => void = () => undefined;

  override _read(): void {
    // What comes is pushed.
  }

  override _write(_bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#taken = done;
  }

  async takeOne(): Promise<void> {
    this.#taken();
    await turn();
  }
}

test('who waits for a full connection isn’t passed by those who come later, however many', async () => {
  const socket = new SlowSocket();
  const accepted: MuxStream[] = [];
  open.push(new MuxConnection(socket, (stream) => accepted.push(stream)));
  let asked = 0;
  /** One more is asked for an answer of 64 KB, and gives it in one piece. */
  const answered = async (): Promise<MuxStream> => {
    asked += 1;
    socket.push(frame('open', asked));
    await eventually('it is there', () => accepted.length === asked);
    const stream = accepted.at(-1) as MuxStream;
    const outgoing = new Outgoing(stream);
    outgoing.bytes(content(65_536, asked));
    outgoing.flush();
    await turn();
    return stream;
  };
  let waiting = await answered();
  while (waiting.writableLength === 0) waiting = await answered();
  // As much comes as goes.
  for (let round = 0; round < 60 && waiting.writableLength > 0; round += 1) {
    await socket.takeOne();
    await answered();
    await answered();
  }
  expect(waiting.writableLength).toBe(0);
});

test('nothing behind a broken rule is acted on', async () => {
  const { socket, called, accepted } = await hostile();
  const gone = once(called, 'close');
  socket.write(Buffer.concat([frame('open', 1), frame('credit', 1, word(1)), frame('open', 2)]));
  await gone;
  expect(accepted).toHaveLength(1);
});

test('a stream that is reset again and again costs what it costs once', async () => {
  const [socket, called] = await sockets();
  const accepted: MuxStream[] = [];
  open.push(new MuxConnection(called, (stream) => accepted.push(stream)));
  const start = [frame('open', 1), frame('data', 1, Buffer.from('x')), frame('end', 1)];
  const resets = Array.from({ length: 50 }, () => frame('reset', 1));
  socket.write(Buffer.concat([...start, ...resets, frame('open', 2)]));
  await eventually('all are read', () => accepted.length === 2);
  const [stream] = accepted;
  expect(stream?.listenerCount('end')).toBeLessThan(5);
});

test('who has frames answered and reads no answer loses the connection', async () => {
  const { socket, called } = await hostile();
  const gone = once(called, 'close');
  const each = 100_000;
  const frames = Buffer.alloc(each * FRAME_HEAD);
  for (let id = 1; id <= 30 * each && !called.destroyed; id += each) {
    for (let more = 0; more < each; more += 1)
      writeFrameHead(frames.subarray(more * FRAME_HEAD), 'open', id + more, 0);
    if (!socket.write(Buffer.from(frames)))
      await Promise.race([once(socket, 'drain').catch(() => gone), gone]);
  }
  await gone;
});

describe('an end that comes with the last bytes is told when those were acted on', () => {
  test.each([
    ['half-closed', 'end', 'end'],
    ['reset', 'reset', 'close'],
  ] as const)('%s', async (_, kind, event) => {
    const [socket, called] = await sockets();
    const order: string[] = [];
    const over = Promise.withResolvers<void>();
    open.push(
      new MuxConnection(called, (stream) => {
        // As the general lane does: a request is judged a microtask after its last byte.
        stream.on('data', () => void Promise.resolve().then(() => order.push('acted')));
        stream.once(event, () => {
          order.push(event);
          over.resolve();
        });
      }),
    );
    socket.write(Buffer.concat([frame('open', 1), frame('data', 1, Buffer.from('x')), frame(kind, 1)]));
    await over.promise;
    expect(order).toEqual(['acted', event]);
  });
});
