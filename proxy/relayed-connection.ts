/**
 * A connection that a relay hands on begins with a PROXY header that carries the session's secret. Whoever doesn't
 * know the secret is believed nothing: any program of this machine can dial a loopback listener.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { readProxyHeader, SECRET_TLV, type ProxyHeader } from '../wire/proxy-protocol.ts';
import type { Endpoints } from './connection-table.ts';

/**
 * Takes the header off a relay's connection and resolves with its ends, as the relay accepted them; null where there
 * is no such header in time, or its secret (hex) is another. Then nothing of what came is lost.
 */
export async function readRelayed(
  socket: Duplex,
  secret: string,
  timeoutMs: number,
): Promise<Endpoints | null> {
  const header = await takeProxyHeader(socket, (candidate) => isOurs(candidate, secret), timeoutMs);
  return header === null ? null : endsOf(header);
}

/**
 * Takes a PROXY header that is accepted off a stream; null where there is none, which leaves what came in place. The
 * stream is paused then, with nothing of ours listening.
 */
export function takeProxyHeader(
  stream: Duplex,
  accepts: (header: ProxyHeader) => boolean,
  timeoutMs: number,
): Promise<ProxyHeader | null> {
  return new Promise((resolve) => {
    let seen: Buffer = Buffer.alloc(0);
    const done = (header: ProxyHeader | null, length: number): void => {
      clearTimeout(timer);
      stream.off('readable', take).off('end', over).off('close', over).off('error', over);
      if (seen.length > length && !stream.destroyed) stream.unshift(seen.subarray(length));
      resolve(header);
    };
    const take = (): void => {
      for (
        let chunk = stream.read() as Buffer | null;
        chunk !== null;
        chunk = stream.read() as Buffer | null
      ) {
        seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
        const reading = readProxyHeader(seen);
        if (reading.kind === 'need-more') continue;
        if (reading.kind === 'header' && accepts(reading.header)) done(reading.header, reading.length);
        else done(null, 0);
        return;
      }
    };
    const over = (): void => done(null, 0);
    const timer = setTimeout(over, timeoutMs);
    stream.on('readable', take).once('end', over).once('close', over).once('error', over);
    if (stream.destroyed) over();
    else take();
  });
}

function isOurs({ tlvs }: ProxyHeader, secret: string): boolean {
  const expected = Buffer.from(secret, 'hex');
  return tlvs.some(
    ({ type, value }) =>
      type === SECRET_TLV && value.length === expected.length && timingSafeEqual(value, expected),
  );
}

function endsOf({ source, destination }: ProxyHeader): Endpoints {
  return {
    remoteAddress: source.address,
    remotePort: source.port,
    localAddress: destination.address,
    localPort: destination.port,
  };
}
