/** A load generator that costs little: raw sockets, one request in flight on each, answers counted by Content-Length. */
import { once } from 'node:events';
import net from 'node:net';

export interface Load {
  host: string;
  port: number;
  connections: number;
  durationMs: number;
}

export interface Measured {
  requestsPerSecond: number;
  medianMs: number;
  p99Ms: number;
}

/** Sends the same GET over and over; an answer other than 200 ends the measurement with an error. */
export async function measure({ host, port, connections, durationMs }: Load): Promise<Measured> {
  const request = Buffer.from('GET /charge HTTP/1.1\r\nHost: orders\r\n\r\n');
  const latencies: number[] = [];
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(host, port)));
  const begin = performance.now();
  const end = begin + durationMs;
  await Promise.all(sockets.map((socket) => drive(socket, request, end, latencies)));
  const seconds = (performance.now() - begin) / 1_000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor((latencies.length - 1) * share)] ?? 0;
  return { requestsPerSecond: latencies.length / seconds, medianMs: at(0.5), p99Ms: at(0.99) };
}

async function open(host: string, port: number): Promise<net.Socket> {
  const socket = net.connect({ host, port, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

function drive(socket: net.Socket, request: Buffer, end: number, latencies: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let sent = performance.now();
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      if (head < 0) return;
      if (!text.startsWith('HTTP/1.1 200')) {
        reject(new Error(`unexpected answer: ${text.slice(0, head)}`));
        socket.destroy();
        return;
      }
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (text.length < head + 4 + length) return;
      const now = performance.now();
      latencies.push(now - sent);
      text = '';
      if (now >= end) {
        socket.destroy();
        resolve();
        return;
      }
      sent = now;
      socket.write(request);
    });
    socket.on('error', reject);
    socket.write(request);
  });
}
