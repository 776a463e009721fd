/**
 * Waits for the first bytes of a connection until they say what it is, and puts them back. Whoever takes the socket
 * over reads it from its first byte. Owns the timeout against clients that never finish their hello.
 */
import type { Duplex } from 'node:stream';
import { readClientHello, type ClientHelloReading } from '../wire/client-hello.ts';

export type FirstBytes =
  | Exclude<ClientHelloReading, { kind: 'need-more' }>
  | { kind: 'timeout' }
  | { kind: 'closed' };

/** Resolves once; the socket is then paused, with nothing of ours listening. */
export function readFirstBytes(raw: Duplex, timeoutMs: number): Promise<FirstBytes> {
  return new Promise((resolve) => {
    let seen: Buffer = Buffer.alloc(0);
    const done = (result: FirstBytes): void => {
      clearTimeout(timer);
      raw.off('readable', take).off('end', closed).off('close', closed).off('error', closed);
      if (seen.length > 0 && !raw.destroyed) raw.unshift(seen);
      resolve(result);
    };
    const take = (): void => {
      for (let chunk = raw.read() as Buffer | null; chunk !== null; chunk = raw.read() as Buffer | null) {
        seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
        const reading = readClientHello(seen);
        if (reading.kind !== 'need-more') {
          done(reading);
          return;
        }
      }
    };
    const closed = (): void => done({ kind: 'closed' });
    const timer = setTimeout(() => done({ kind: 'timeout' }), timeoutMs);
    raw.on('readable', take).once('end', closed).once('close', closed).once('error', closed);
    if (raw.destroyed) closed();
    else take();
  });
}
