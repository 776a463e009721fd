/** Waits for the first bytes of a connection until they tell whether they are HTTP, and puts them back. */
import type { Socket } from 'node:net';
import { inspectFirstBytes } from '../../wire/http-inspector.ts';

/** A request line that isn't over in time is left to HTTP, which has a limit for that; a silent client just waits. */
export function inspectConnection(
  socket: Socket,
  timeoutMs: number,
  use: (found: 'http' | 'other') => void,
): void {
  let seen: Buffer = Buffer.alloc(0);
  let timer: NodeJS.Timeout | undefined;
  const done = (found: 'http' | 'other'): void => {
    clearTimeout(timer);
    socket.off('readable', take).off('end', gone).off('close', gone);
    if (seen.length > 0 && !socket.destroyed) socket.unshift(seen);
    use(found);
  };
  const take = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const found = inspectFirstBytes(seen.toString('latin1'));
    if (found === 'need-more') timer ??= setTimeout(() => done('http'), timeoutMs);
    else done(found === 'other' ? 'other' : 'http');
  };
  const gone = (): void => done('http');
  socket.on('readable', take).once('end', gone).once('close', gone);
  take();
}
