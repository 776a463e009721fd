/** What may differ between two transcripts without meaning anything, taken out. */
import type { Transcript } from './conversation.ts';
import type { SeenMessage } from './http1-message.ts';
import type { Http2Transcript, SeenStream } from './http2-conversation.ts';

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

function fields(list: readonly (readonly [string, string])[]): [string, string][] {
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

/** The same of HTTP/2; streams of one connection reach the application in any order. */
export function comparableHttp2({ got, saw, connection }: Http2Transcript): Http2Transcript {
  const told = saw
    .map(stream)
    .map(withoutCode)
    .toSorted((one, other) => (order(one) < order(other) ? -1 : 1));
  return { got: got.map(stream), saw: told, connection };
}

function stream(seen: SeenStream | string): SeenStream | string {
  if (typeof seen === 'string') return seen;
  const { interim, fields: head, trailers } = seen;
  return {
    ...seen,
    interim: interim.map(fields),
    fields: fields(head),
    trailers: trailers && fields(trailers),
  };
}

/** What a sidecar tells the application when a client has gone: INTERNAL_ERROR is Envoy's word, CANCEL ours. */
function withoutCode(seen: SeenStream | string): SeenStream | string {
  return typeof seen === 'string' ? seen : { ...seen, end: seen.end.replace(/^reset \d+$/, 'reset') };
}

function order(seen: SeenStream | string): string {
  return typeof seen === 'string' ? seen : JSON.stringify(seen.fields);
}
