/** What a rehearsal does to a TCP connection before it is carried anywhere. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Decision } from '../../model/decision.ts';
import { decisionOf, endedAs } from '../error-table.ts';
import type { EdgeFaults } from './edge-faults.ts';
import { untilClosed } from './until-closed.ts';

const ABORTED: Decision = { verdict: 'deny', phase: 'route', reason: 'fault-abort', matched: null };
const LEFT: Decision = { verdict: 'allow', phase: 'default', reason: 'routed', matched: null };

export interface FaultedTcp {
  /** What the connection's end is told as; null = it goes on. Its client is gone otherwise. */
  over: Decision | null;
  /** Envoy's response flags for what happened; `''` for none. */
  flags: string;
}

/** Waits for the delay, and ends the connection where it is to be aborted or reset. */
export async function faultTcp(
  { delayMs, abort, broken }: EdgeFaults,
  client: Duplex | Socket,
): Promise<FaultedTcp> {
  const delayed = delayMs > 0 ? ['DI'] : [];
  const end = (over: Decision, flag: string): FaultedTcp => {
    if (broken === 'reset' && abort === null && 'resetAndDestroy' in client) client.resetAndDestroy();
    else client.destroy();
    return { over, flags: [...delayed, flag].join(',') };
  };
  if (delayMs > 0) await untilClosed(client, delayMs);
  if (client.destroyed) return end(endedAs(LEFT, 'client-gone'), 'DC');
  if (abort !== null) return end(ABORTED, 'FI');
  if (broken === 'reset') return end(decisionOf('upstream-reset'), 'UC');
  return { over: null, flags: delayed.join(',') };
}
