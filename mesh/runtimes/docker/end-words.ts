/** How a container ended, in words that say what to do where that is known. Pure. */

export interface ContainerEnd {
  code: number;
  /** The kernel killed one of its processes because its memory was used up. */
  outOfMemory: boolean;
}

/** `limit` in bytes; null = none. `exited with code 3`, or that it ran out of memory, of how much, and what to change. */
export function endWords({ code, outOfMemory }: ContainerEnd, limit: number | null): string {
  // One of its processes may have been killed, and it ended well all the same.
  if (!outOfMemory || code === 0) return `exited with code ${code}`;
  return limit === null
    ? 'was killed: this machine ran out of memory; stop something, or give each service a limit (deploy.resources.limits.memory)'
    : `was killed: it used up its ${mebibytes(limit)} of memory; raise deploy.resources.limits.memory (mem_limit), or find out what it keeps`;
}

function mebibytes(bytes: number): string {
  return `${Math.round((bytes / 1_048_576) * 10) / 10} MiB`;
}
