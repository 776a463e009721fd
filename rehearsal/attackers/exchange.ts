/** Sends an attacker's request over an open stream, plain or TLS, and reads the answer until it is whole. */
import type { Duplex } from 'node:stream';
import { readResponse, type AttackResponse } from './http-response.ts';

export type AttackAnswer =
  | { kind: 'response'; response: AttackResponse }
  /** The other side closed, reset or refused the handshake; `error` is what our own stack said of it. */
  | { kind: 'closed'; error: string | null }
  | { kind: 'malformed'; why: string };

/** What a socket said of its end: the code where it has one. */
export function nameOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

/** Rejects only by `signal`; every other end is an answer. The stream is destroyed before it resolves. */
export async function exchange(
  stream: Duplex,
  bytes: Buffer,
  method: string,
  signal: AbortSignal,
): Promise<AttackAnswer> {
  const received: Buffer[] = [];
  let stop = (): void => undefined;
  try {
    return await new Promise<AttackAnswer>((resolve, reject) => {
      const read = (ended: boolean): boolean => {
        const progress = readResponse(Buffer.concat(received), method, ended);
        if (progress.kind === 'more') return false;
        resolve(progress.kind === 'done' ? { kind: 'response', response: progress.response } : progress);
        return true;
      };
      const onAbort = (): void => reject(signal.reason);
      let failure: string | null = null;
      stream.on('data', (chunk: Buffer) => {
        received.push(chunk);
        read(false);
      });
      stream.on('error', (error: Error) => {
        failure = nameOf(error);
      });
      stream.once('end', () => read(true));
      stream.once('close', () => {
        if (!read(true)) resolve({ kind: 'closed', error: failure });
      });
      signal.addEventListener('abort', onAbort, { once: true });
      stop = () => signal.removeEventListener('abort', onAbort);
      if (signal.aborted) onAbort();
      else if (stream.destroyed)
        resolve({ kind: 'closed', error: stream.errored ? nameOf(stream.errored) : null });
      else stream.write(bytes);
    });
  } finally {
    stop();
    stream.on('error', () => undefined);
    stream.destroy();
  }
}
