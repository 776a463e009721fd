/**
 * Runs inside a container without any containment (as probe.ts does): whatever a contained service must not reach. It
 * answers every call and datagram, DNS questions with an address, and prints who came: the witness.
 * Argument: its listeners as JSON. It prints `listening from N` once all are there.
 */
import { createSocket } from 'node:dgram';
import { createServer, type Server } from 'node:net';

interface Listener {
  by: 'tcp' | 'udp';
  host: string;
  /** Negative: one of a run of free numbers from N on, which is found here; -1 is N, -2 is N + 1. */
  port: number;
}

const listeners = JSON.parse(process.argv[1] ?? '[]') as Listener[];
const ATTEMPTS = 20;

function came(by: string, from: string | undefined): void {
  console.log(`came ${by} ${(from ?? '').replace(/^::ffff:/, '')}`);
}

/** A question with one answer appended: its name, type A, class IN, 60 s, 192.0.2.53. */
function dnsAnswer(question: Buffer): Buffer {
  const answer = Buffer.from(question);
  answer.writeUInt16BE(0x8180, 2);
  answer.writeUInt16BE(1, 6);
  // Additional records of the question (EDNS) aren't repeated.
  answer.writeUInt16BE(0, 10);
  let end = 12;
  while (answer[end] !== 0) end += (answer[end] ?? 0) + 1;
  return Buffer.concat([answer.subarray(0, end + 5), Buffer.from('c00c000100010000003c0004c0000235', 'hex')]);
}

function listenTcp(host: string, port: number): Promise<() => void> {
  const server: Server = createServer((socket) => {
    came('tcp', socket.remoteAddress);
    socket.on('error', () => undefined);
    socket.end('the world\n');
    socket.resume();
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(() => server.close()));
  });
}

function listenUdp(host: string, port: number): Promise<() => void> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (message, from) => {
    came('udp', from.address);
    socket.send(port === 53 ? dnsAnswer(message) : message, from.port, from.address);
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, host, () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve(() => socket.close());
    });
  });
}

for (let attempt = 1; ; attempt += 1) {
  const base = 20_000 + Math.floor(Math.random() * 10_000);
  const opened = await Promise.allSettled(
    listeners.map(({ by, host, port }) =>
      (by === 'tcp' ? listenTcp : listenUdp)(host, port < 0 ? base - port - 1 : port),
    ),
  );
  const failed = opened.find((outcome) => outcome.status === 'rejected');
  if (failed === undefined) {
    console.log(`listening from ${base}`);
    break;
  }
  if (attempt === ATTEMPTS) throw failed.reason;
  for (const outcome of opened) if (outcome.status === 'fulfilled') outcome.value();
}
