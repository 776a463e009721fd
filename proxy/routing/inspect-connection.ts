/** Waits for the first bytes of a connection until they tell whether they are HTTP, and puts them back. */
import type { Duplex } from 'node:stream';
import { inspectFirstBytes, type Inspection } from '../../wire/http-inspector.ts';

export type Found = Exclude<Inspection, 'need-more'>;

/**
 * A request line that isn't over in time is left to HTTP, which has a limit for that; a silent client just waits. One
 * that ends before is closed, as Envoy closes it: what it said is nobody's.
 */
export function inspectConnection(socket: Duplex, timeoutMs: number, use: (found: Found) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearTimeout(timer);
    socket.off('readable', take).off('end', gone).off('close', gone);
  };
  const done = (found: Found): void => {
    stop();
    if (seen.length > 0 && !socket.destroyed) socket.unshift(seen);
    use(found);
  };
  const take = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const found = inspectFirstBytes(seen.toString('latin1'));
    if (found === 'need-more') timer ??= setTimeout(() => done('http1'), timeoutMs);
    else done(found);
  };
  const gone = (): void => {
    stop();
    socket.destroy();
  };
  socket.on('readable', take).once('end', gone).once('close', gone);
  take();
}
