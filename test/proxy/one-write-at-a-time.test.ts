import { once } from 'node:events';
import net from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { OneWriteAtATime } from '../../proxy/mux/one-write-at-a-time.ts';
import { eventually } from '../support/patience.ts';

const MB = 1_048_576;
const opened: { destroy(): void }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.destroy();
});

/** Both ends of a connection; the second reads nothing by itself. */
async function connection(): Promise<[net.Socket, net.Socket]> {
  const server = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const socket = net.connect({ port: (server.address() as net.AddressInfo).port, host: '127.0.0.1' });
  const [far] = await accepted;
  server.close();
  opened.push(socket, far);
  return [socket, far];
}

test('gives the socket one write after the other, and tells what waits', async () => {
  const [socket, far] = await connection();
  const most: number[] = [];
  const writes = new OneWriteAtATime(socket, () => most.push(socket.writableLength));
  const done: number[] = [];
  for (let piece = 0; piece < 40; piece += 1) writes.write(Buffer.alloc(MB, piece), () => done.push(piece));
  expect(writes.writableLength).toBe(40 * MB);
  expect(socket.writableLength).toBeLessThanOrEqual(MB);
  const seen: Buffer[] = [];
  far.on('data', (chunk: Buffer) => seen.push(chunk)).resume();
  await eventually('all are written', () => done.length === 40);
  expect(Math.max(...most)).toBeLessThanOrEqual(MB);
  expect(writes.writableLength).toBe(0);
  expect(done).toEqual(done.toSorted((one, other) => one - other));
  socket.end();
  await once(far, 'end');
  const whole = Buffer.concat(seen);
  expect(whole.length).toBe(40 * MB);
  for (let piece = 0; piece < 40; piece += 1) expect(whole[piece * MB]).toBe(piece);
});

test('tells of every write when the connection breaks, and of those that come later', async () => {
  const [socket] = await connection();
  const writes = new OneWriteAtATime(socket, () => undefined);
  socket.on('error', () => undefined);
  const done: number[] = [];
  for (let piece = 0; piece < 40; piece += 1) writes.write(Buffer.alloc(MB), () => done.push(piece));
  socket.destroy();
  expect(writes.destroyed).toBe(true);
  writes.write(Buffer.alloc(1), () => done.push(40));
  await eventually('all are told', () => done.length === 41);
  expect(writes.writableLength).toBe(0);
});
