/** One connection of an attacker: writes, reads what comes back, and hangs up when it has its answers or nothing moves. */
import { connect } from 'node:net';

/** Nothing came for so long: the message has no end, so the attacker closes its side. */
const QUIET_MS = 150;
/** A connection that lives so long after that hangs. */
const HANG_MS = 15_000;

export interface Conversed {
  /** Final answers. */
  answers: number;
  hung: boolean;
}

/** Sends `bytes` to a listener; resolves when the connection is over. */
export function converse(
  at: { host: string; port: number },
  bytes: string,
  messages: number,
): Promise<Conversed> {
  return new Promise((resolve) => {
    let answers = 0;
    let rest = '';
    const socket = connect({ ...at, noDelay: true });
    const end = (hung: boolean): void => {
      clearTimeout(quiet);
      clearTimeout(hanging);
      socket.destroy();
      resolve({ answers, hung });
    };
    const quiet = setTimeout(() => socket.end(), QUIET_MS);
    const hanging = setTimeout(() => end(true), HANG_MS);
    socket.on('data', (chunk: Buffer) => {
      quiet.refresh();
      // Enough of the last piece to see a status line that is cut in two.
      rest += chunk.toString('latin1');
      answers += [...rest.matchAll(/HTTP\/1\.1 [2-5]\d\d/g)].length;
      rest = rest.slice(-11).replace(/^.*HTTP\/1\.1 \d\d\d/s, '');
      if (answers >= messages) socket.end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => end(false));
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}
