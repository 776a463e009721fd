/** Connections that have not yet shown what they are: a listener has only so many. */
import type { Socket } from 'node:net';
import type { Core } from './core.ts';
import type { Admitted, Refused } from './admission.ts';
import { refuseUnheard } from './mtls-gate.ts';

/** The gate's word by `accept`; nobody waits for it who comes to a listener that has its hands full. */
export async function whereThereIsRoom<Let extends Admitted>(
  { unfinished }: Core,
  { instance, key }: { instance: string; key: string },
  socket: Socket,
  accept: () => Promise<Let | Refused>,
): Promise<Let | Refused> {
  const place = `${instance}|${key}`;
  if (!unfinished.enter(place)) return refuseUnheard(socket);
  try {
    return await accept();
  } finally {
    unfinished.leave(place);
  }
}
