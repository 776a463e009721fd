/**
 * Ports for services of the process runtime. They are taken from below the range that the kernel hands out for
 * port 0, and held open until their service starts: our own listeners, opened in between, can't get one of them.
 */
import { createServer, type Server } from 'node:net';
import { EnvironmentError } from '../../../model/environment-error.ts';
import { holderOfPort } from '../../process-table.ts';

const LOWEST = 20_000;
const HIGHEST = 31_999;
const ATTEMPTS = 50;

export interface ReservedPort {
  readonly port: number;
  /** Frees it for the service. Idempotent. */
  release(): Promise<void>;
}

/** Any free port on `host`. */
export async function reservePort(host: string): Promise<ReservedPort> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1));
    const reserved = await hold(host, port);
    if ('port' in reserved) return reserved;
  }
  throw new EnvironmentError(
    'no-free-port',
    `no free port found on ${host} between ${LOWEST} and ${HIGHEST}`,
  );
}

/** This very port, which the project file asks for. */
export async function reserveNamedPort(host: string, port: number, what: string): Promise<ReservedPort> {
  const reserved = await hold(host, port);
  if ('port' in reserved) return reserved;
  throw portTaken(host, port, what, reserved.error);
}

/** The error for a port that something else holds, with its name where the system tells it. */
export function portTaken(host: string, port: number, what: string, cause?: unknown): EnvironmentError {
  const holder = holderOfPort(port);
  const who = holder ? `, held by ${holder.command} (process ${holder.pid})` : '';
  return new EnvironmentError('port-taken', `${what}: port ${port} on ${host} is taken${who}`, {
    hint: holder
      ? `stop process ${holder.pid}, or choose another port`
      : 'stop the program that listens there, or choose another port',
    cause,
  });
}

function hold(host: string, port: number): Promise<ReservedPort | { error: NodeJS.ErrnoException }> {
  return new Promise((resolve) => {
    const server: Server = createServer((socket) => socket.destroy());
    server.once('error', (error) => resolve({ error }));
    server.listen({ host, port, exclusive: true }, () => {
      // A reservation alone keeps nobody alive.
      server.unref();
      let closed: Promise<void> | null = null;
      resolve({
        port,
        release: () => (closed ??= new Promise((done) => server.close(() => done()))),
      });
    });
  });
}
