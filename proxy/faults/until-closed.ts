/** A wait on behalf of a client, which nobody waits for once it has gone. */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';

/** Resolves after `ms` milliseconds, or when the client's connection closes; leaves no timer behind. */
export async function untilClosed(client: Duplex, ms: number): Promise<void> {
  if (client.destroyed) return;
  const over = new AbortController();
  const { signal } = over;
  const closed = once(client, 'close', { signal });
  await Promise.race([wait(ms, undefined, { signal }), closed]).catch(() => undefined);
  closed.catch(() => undefined);
  over.abort();
}
