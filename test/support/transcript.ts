/** What may differ between two transcripts without meaning anything, taken out. */
import type { Transcript } from './conversation.ts';
import type { SeenMessage } from './http1-message.ts';

/** Their values are of this very exchange; that they stand there is compared. */
const VOLATILE: ReadonlySet<string> = new Set(['date', 'x-request-id', 'x-envoy-upstream-service-time']);

/** Field names of HTTP are caseless, and the order of differently named fields says nothing. */
export function comparable({ got, saw, connection }: Transcript): Transcript {
  return { got: got.map(message), saw: saw.map(message), connection };
}

function message(seen: SeenMessage | string): SeenMessage | string {
  if (typeof seen === 'string') return seen;
  return { ...seen, fields: fields(seen.fields), trailers: fields(seen.trailers) };
}

function fields(list: readonly [string, string][]): [string, string][] {
  return list
    .map(([name, value]): [string, string] => {
      const lower = name.toLowerCase();
      if (VOLATILE.has(lower)) return [lower, '*'];
      return [
        lower,
        lower === 'x-forwarded-client-cert' ? value.replaceAll(/Hash=[0-9a-f]+/g, 'Hash=*') : value,
      ];
    })
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
