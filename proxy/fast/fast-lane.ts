/**
 * The fast HTTP/1 lane: a front for the general one. Takes connections over, gives up those whose time is over, and
 * closes them all with the session.
 */
import type { Core } from '../core.ts';
import type { HttpLane } from '../http-lane.ts';
import { MuxPool } from '../mux/mux-pool.ts';
import type { Limits } from '../limits.ts';
import { ClientConnection, type LaneHooks } from './client-connection.ts';
import { Deadlines } from './deadlines.ts';
import type { FastSide } from './exchange.ts';
import { UpstreamSets } from './upstream-set.ts';

/** What the fast lanes of a thread share. */
export interface FastParts {
  readonly deadlines: Deadlines;
  readonly upstreams: UpstreamSets;
  /** Connections to other sidecars that many share. */
  readonly shared: MuxPool;
  close(): void;
}

export function createFastParts(limits: Limits): FastParts {
  const deadlines: Deadlines = new Deadlines(limits, (now) => {
    upstreams.sweep(now);
    shared.sweep(now);
  });
  const upstreams = new UpstreamSets(() => deadlines.now, limits.keepAliveTimeoutMs);
  const shared = new MuxPool(() => deadlines.now, limits.keepAliveTimeoutMs);
  return {
    deadlines,
    upstreams,
    shared,
    close: () => {
      deadlines.close();
      upstreams.close();
      shared.close();
    },
  };
}

/** The fast lane in front of `general`; `sideOf` is asked once a connection. */
export function inFrontOf<C>(
  general: HttpLane<C>,
  { limits, fast: { deadlines } }: Pick<Core, 'limits' | 'fast'>,
  sideOf: (context: C) => FastSide,
): HttpLane<C> {
  if (limits.lanes === 'general') return general;
  const connections = new Map<ClientConnection, C>();
  const hooks: LaneHooks = {
    limits,
    deadlines,
    left: (connection) => {
      connections.delete(connection);
      deadlines.unwatch(connection);
    },
  };
  return {
    accept: (stream, context) => {
      const handOver = (): void => general.accept(stream, context);
      const connection = new ClientConnection(hooks, sideOf(context), stream, handOver);
      connections.set(connection, context);
      deadlines.watch(connection);
    },
    isBusy: (whose) => {
      for (const [connection, context] of connections) if (connection.isBusy && whose(context)) return true;
      return general.isBusy(whose);
    },
    close: () => {
      for (const { stream } of connections.keys()) stream.destroy();
      general.close();
    },
  };
}
