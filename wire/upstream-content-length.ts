/** The length that Envoy states to an HTTP/1.1 application of a request that has no body. */
import type { HeaderList } from '../model/request-facts.ts';

/** Methods that are taken to have no body: Envoy adds no length to them. */
const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'TRACE', 'CONNECT']);

/** The client's own field; `0` is added where the method could have a body (`get` could); null = no such field. */
export function upstreamContentLength(method: string, headers: HeaderList): string | null {
  const sent = headers.find(([name]) => name === 'content-length');
  if (sent) return sent[1];
  return BODILESS.has(method) ? null : '0';
}
