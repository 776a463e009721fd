/** A request's head, with what is there of its body, on their way to an upstream. */
import type { Duplex } from 'node:stream';
import { writeTogether } from './write-together.ts';

/** Up to here a body is written in one piece with its head. */
const SMALL_BODY = 8_192;

/** One write where the body is short or none, else two at once; false = wait for a drain. */
export function writeRequest(stream: Duplex, head: string, body: Buffer | null): boolean {
  if (body === null) return writeTogether(stream, head);
  if (body.length <= SMALL_BODY) return writeTogether(stream, head + body.toString('latin1'));
  stream.cork();
  stream.write(head, 'latin1');
  const goesOn = stream.write(body);
  stream.uncork();
  return goesOn;
}
