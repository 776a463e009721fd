/** Upstreams that fail as a broken edge does. Nothing is connected, so no byte reaches anybody. */
import { PassThrough, type Duplex } from 'node:stream';
import type { Decision } from '../../model/decision.ts';
import type { Cluster } from '../../policy/routes/compiled-routes.ts';
import { decisionOf } from '../error-table.ts';
import type { Upstream, UpstreamExchange } from '../http2/upstream.ts';
import type { Limits } from '../limits.ts';
import type { EdgeFaults } from './edge-faults.ts';
import { untilClosed } from './until-closed.ts';

export interface BrokenEdge {
  broken: NonNullable<EdgeFaults['broken']>;
  /** How long a connection is waited for. */
  connectTimeoutMs: number;
}

/** How connections to `cluster` fail over this edge; null = they don't. */
export function brokenEdge(
  { connectTimeoutMs }: Limits,
  { pool }: Cluster,
  faults: EdgeFaults | null,
): BrokenEdge | null {
  if (faults === null || faults.broken === null) return null;
  return { broken: faults.broken, connectTimeoutMs: Math.min(pool.connectTimeoutMs, connectTimeoutMs) };
}

const UNHEARD: UpstreamExchange = {
  data: () => undefined,
  trailers: () => undefined,
  consumed: () => undefined,
  cancel: () => undefined,
};

/** In the place of an endpoint's upstream. */
export function brokenUpstream({ broken, connectTimeoutMs }: BrokenEdge): Upstream {
  return (_request, events) => {
    if (broken === 'reset') {
      queueMicrotask(() => {
        events.connected(new PassThrough());
        events.failed({ decision: decisionOf('upstream-reset'), unsent: false, code: null });
      });
      return UNHEARD;
    }
    const timer = setTimeout(
      () => events.failed({ decision: decisionOf('connect-timeout'), unsent: true, code: null }),
      connectTimeoutMs,
    );
    return { ...UNHEARD, cancel: () => clearTimeout(timer) };
  };
}

/** In the place of a connection that carries what is no HTTP exchange: how it failed, when it has; null: its client left. */
export async function failedDial(
  { broken, connectTimeoutMs }: BrokenEdge,
  client: Duplex,
): Promise<Decision | null> {
  if (broken === 'reset') return decisionOf('upstream-reset');
  await untilClosed(client, connectTimeoutMs);
  return client.destroyed ? null : decisionOf('connect-timeout');
}
