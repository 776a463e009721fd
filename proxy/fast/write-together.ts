/**
 * Writes that one read brought about, one right after the other. The kernel wakes whoever waits at the other end of a
 * socket, which costs as much as the rest of the write; whoever was woken by the first is awake at the next.
 */
import type { Writable } from 'node:stream';
import { sendingAtOnce } from './outgoing.ts';

const corked: Writable[] = [];

function uncorkAll(): void {
  for (const stream of corked.splice(0)) stream.uncork();
}

/** Written when what is being read is read; one character a byte. As of `write`: false = wait for a drain. */
export function writeTogether(stream: Writable, text: string): boolean {
  // A shared connection gathers by itself.
  if (sendingAtOnce(stream)?.sendText(text) === true) return true;
  if (corked.length === 0) process.nextTick(uncorkAll);
  corked.push(stream);
  stream.cork();
  return stream.write(text, 'latin1');
}
