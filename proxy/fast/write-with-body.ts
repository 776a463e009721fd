/** A head and the start of its body on their way to an upstream. */
import type { Duplex } from 'node:stream';

/** Up to here a body is written in one piece with its head. */
const SMALL_BODY = 8_192;

/** One write where the body is short, else two at once; false = wait for a drain. */
export function writeWithBody(stream: Duplex, head: string, body: Buffer): boolean {
  if (body.length <= SMALL_BODY) return stream.write(head + body.toString('latin1'), 'latin1');
  stream.cork();
  stream.write(head, 'latin1');
  const goesOn = stream.write(body);
  stream.uncork();
  return goesOn;
}
