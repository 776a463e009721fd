/**
 * Interim answers (1xx) on their way to a client. An application may send as many as it likes and a client read none:
 * what is written to a client that doesn't read is kept here, so further ones are dropped. They promise nothing.
 */
import type { Writable } from 'node:stream';

/** What may wait for a client before interim answers to it are dropped. */
const MOST_WAITING = 128 * 1_024;

/** Whether a client reads: an interim answer may be written to it. */
export function takesInterimAnswers({ writableLength }: Pick<Writable, 'writableLength'>): boolean {
  return writableLength < MOST_WAITING;
}
