/** Memory that bytes are gathered in, used again and again: what is made anew starts a collection of all garbage. */

export const CHUNK_BYTES = 128 * 1_024;
/** Chunks that a thread keeps for later: what some dozen connections have under way. */
const MOST_FREE = 64;

const free: Buffer[] = [];

export function takeChunk(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
}

/** Nobody reads it any more. */
export function giveChunk(chunk: Buffer): void {
  if (free.length < MOST_FREE) free.push(chunk);
}
