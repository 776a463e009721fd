/** An upstream whose requests mirrors get copies of. */
import type { Upstream, UpstreamRequest } from '../http2/upstream.ts';
import type { Mirror } from './send-mirror.ts';

export function mirroredUpstream(
  upstream: Upstream,
  mirrors: (request: UpstreamRequest) => Mirror[],
): Upstream {
  return (request, events) => {
    const copies = mirrors(request);
    const exchange = upstream(request, events);
    return {
      data: (bytes, then) => {
        for (const copy of copies) {
          copy.data(bytes);
          if (then === 'end') copy.end();
        }
        exchange.data(bytes, then);
      },
      trailers: (headers) => {
        for (const copy of copies) copy.end();
        exchange.trailers(headers);
      },
      consumed: (count) => exchange.consumed(count),
      cancel: () => {
        for (const copy of copies) copy.cancel();
        exchange.cancel();
      },
    };
  };
}
