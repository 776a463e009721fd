/** Copies of a request for clusters that only listen: sent once, their answers thrown away, their failures too. */
import type { Cluster } from '../../policy/routes/compiled-routes.ts';
import { setHeader } from '../../policy/routes/header-operations.ts';
import type { UpstreamRequest } from '../http2/upstream.ts';
import { attemptsUpstream, type AttemptPlan } from './attempts.ts';

/** What a mirror is sent of the body; a longer one isn't mirrored whole, so not at all. */
const MAX_BODY = 1024 * 1024;

export interface Mirror {
  data(bytes: Uint8Array): void;
  /** The request is complete. */
  end(): void;
  cancel(): void;
}

/** Same Host, told to be Envoy's own, with a hop of its own in X-Forwarded-For (SURPRISES 98). */
export function sendMirror(
  plan: AttemptPlan & { cluster: Cluster },
  request: UpstreamRequest,
  ownAddress: string,
): Mirror {
  const pieces: Uint8Array[] = [];
  let length = 0;
  let dead = false;
  const send = (): void => {
    if (dead) return;
    dead = true;
    const came = request.headers.find(([name]) => name === 'x-forwarded-for')?.[1];
    const forwarded = setHeader(
      request.headers,
      'x-forwarded-for',
      came === undefined ? ownAddress : `${came},${ownAddress}`,
    );
    const headers = setHeader(forwarded, 'x-envoy-internal', 'true');
    const exchange = attemptsUpstream({ ...plan, retry: null }, { attempts: 0, flags: '', endpoint: null })(
      { ...request, headers },
      {
        connected: () => {
          for (const piece of pieces) exchange.data(piece, 'more');
          if (request.body === 'follows') exchange.data(new Uint8Array(0), 'end');
        },
        informational: () => undefined,
        head: () => undefined,
        data: (bytes) => exchange.consumed(bytes.length),
        trailers: () => undefined,
        sent: () => undefined,
        failed: () => undefined,
      },
    );
  };
  if (request.body === 'none') queueMicrotask(send);
  return {
    data: (bytes) => {
      length += bytes.length;
      if (length > MAX_BODY) dead = true;
      else pieces.push(bytes);
    },
    end: send,
    cancel: () => {
      dead = true;
    },
  };
}
