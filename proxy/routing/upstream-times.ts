/** How long a request may take, and what its upstream is told of that. */
import type { HeaderList } from '../../model/request-facts.ts';
import type { ForwardAction } from '../../policy/routes/compiled-routes.ts';
import { setHeader } from '../../policy/routes/header-operations.ts';
import { isGrpc } from '../../wire/grpc-status.ts';

export interface UpstreamTimes {
  /** 0 = none. */
  timeoutMs: number;
  headers: HeaderList;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/** A gRPC client's own deadline counts, up to the route's; of others only the route's. */
export function upstreamTimes({ timeoutMs, retry }: ForwardAction, headers: HeaderList): UpstreamTimes {
  const grpc = isGrpc(headers);
  const asked = grpc ? grpcTimeoutMs(headers) : null;
  const limit = grpc && asked !== null && (timeoutMs === 0 || asked < timeoutMs) ? asked : timeoutMs;
  const perTry = retry?.perTryTimeoutMs ?? 0;
  const expected = perTry > 0 && (limit === 0 || perTry < limit) ? perTry : limit;
  if (expected <= 0) return { timeoutMs: limit, headers };
  const told = setHeader(headers, 'x-envoy-expected-rq-timeout-ms', String(Math.ceil(expected)));
  return {
    timeoutMs: limit,
    headers: grpc ? setHeader(told, 'grpc-timeout', `${Math.ceil(expected)}m`) : told,
  };
}

/** RFC of gRPC over HTTP/2: up to eight digits and a unit; null when it is none. */
function grpcTimeoutMs(headers: HeaderList): number | null {
  const text = headers.find(([name]) => name === 'grpc-timeout')?.[1];
  const found = /^(\d{1,8})([HMSmun])$/.exec(text ?? '');
  return found === null ? null : Number(found[1]) * (UNIT_MS[found[2] as string] ?? 0);
}
