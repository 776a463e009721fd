/**
 * The door by which other commands of this user reach a running session (`greenroom logs`, `restart`, …): the bridge
 * over a local socket in the data folder, which nobody else may enter. No state, event or step is told over it unasked.
 */
import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { createBirpc } from 'birpc';
import type { HostApi } from '../bridge/contract.ts';
import { EnvironmentError } from '../model/environment-error.ts';
import { messageOf } from '../model/message-of.ts';
import { attachWindow } from './attach-window.ts';
import type { Host } from './host.ts';

/** What a socket's name may be long on every system. */
const LONGEST_PATH = 103;

export interface ControlSocket {
  /** Ends every connection; the socket's file is gone then. */
  close(): Promise<void>;
}

/** Serves `host` at `path`. Rejects with `no-control-socket` where it can't listen there. */
export async function serveControl(host: Host, path: string): Promise<ControlSocket> {
  if (Buffer.byteLength(path) > LONGEST_PATH && process.platform !== 'win32')
    throw unserved(path, new Error('the path is longer than a socket may have'));
  const sockets = new Set<Socket>();
  const asked: Host = { ...host, onNotice: () => () => undefined };
  const server = createServer((socket) => {
    sockets.add(socket);
    const detach = attachWindow(asked, carrierOf(socket));
    socket
      .on('error', () => socket.destroy())
      .on('close', () => {
        sockets.delete(socket);
        detach();
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(unserved(path, cause)));
    server.listen(path, resolve);
  });
  if (process.platform !== 'win32') chmodSync(path, 0o600);
  return {
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      if (process.platform !== 'win32') rmSync(path, { force: true });
    },
  };
}

export interface ControlLine {
  api: HostApi;
  /** Resolves when the session's side is gone. */
  closed: Promise<void>;
  close(): void;
}

/** Rejects with `session-unreachable` where no session listens. */
export async function connectControl(path: string): Promise<ControlLine> {
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new EnvironmentError('session-unreachable', `the session doesn't answer: ${cause.message}`, {
          hint: 'it may still be starting, or just ending: greenroom status tells',
          cause,
        }),
      );
    });
  });
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  socket.on('error', () => socket.destroy());
  const carrier = carrierOf(socket);
  const rpc = createBirpc<HostApi>(
    {},
    {
      post: (text: string) => carrier.send(text),
      on: (sink) => carrier.onMessage(sink),
      serialize: (value) => JSON.stringify(value),
      deserialize: (text: string) => withError(JSON.parse(text) as unknown),
      timeout: 3_600_000,
    },
  );
  void closed.then(() => rpc.$close(new EnvironmentError('session-ended', 'the session ended')));
  return { api: rpc, closed, close: () => socket.destroy() };
}

/** What the session's side threw, as the error that it was. */
function withError(frame: unknown): unknown {
  if (typeof frame !== 'object' || frame === null || !('e' in frame)) return frame;
  const { code, message, hint, lines } = Object(frame.e) as Partial<EnvironmentError>;
  const error = new EnvironmentError(code ?? 'session-refused', message ?? 'the session gave no reason', {
    ...(hint ? { hint } : {}),
    ...(lines ? { lines } : {}),
  });
  return { ...frame, e: error };
}

function carrierOf(socket: Socket): {
  send(text: string): void;
  onMessage(sink: (text: string) => void): void;
} {
  return {
    send: (text) => void (socket.writable && socket.write(`${text}\n`)),
    onMessage: (sink) => {
      createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })
        .on('error', () => undefined)
        .on('line', sink);
    },
  };
}

function unserved(path: string, cause: unknown): EnvironmentError {
  const why = messageOf(cause);
  return new EnvironmentError(
    'no-control-socket',
    `other commands can't reach this session (${path}): ${why}`,
    {
      hint: 'set GREENROOM_DATA_DIR to a folder of your own with a short path',
      cause,
    },
  );
}
