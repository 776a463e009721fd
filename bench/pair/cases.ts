/** What is asked of a pair, by name. Bodies are those of the answers; one request of a hundred is one that the policy denies. */

export type BenchProtocol = 'http1' | 'http2' | 'grpc';

export interface BenchCase {
  name: string;
  protocol: BenchProtocol;
  connections: number;
  /** Requests in flight on each connection. */
  streams: number;
  /** File of the backend. */
  body: '0b' | '1k' | '64k' | '1m' | 'grpc';
}

/** One request in so many goes to `DENIED_PATH`. */
export const DENIED_EVERY = 100;

export const CASES: readonly BenchCase[] = [
  { name: 'h1-c1-0b', protocol: 'http1', connections: 1, streams: 1, body: '0b' },
  { name: 'h1-c32-0b', protocol: 'http1', connections: 32, streams: 1, body: '0b' },
  { name: 'h1-c256-0b', protocol: 'http1', connections: 256, streams: 1, body: '0b' },
  { name: 'h1-c32-1k', protocol: 'http1', connections: 32, streams: 1, body: '1k' },
  { name: 'h1-c32-64k', protocol: 'http1', connections: 32, streams: 1, body: '64k' },
  { name: 'h1-c32-1m', protocol: 'http1', connections: 32, streams: 1, body: '1m' },
  { name: 'h2-c32-0b', protocol: 'http2', connections: 4, streams: 8, body: '0b' },
  { name: 'grpc-c32', protocol: 'grpc', connections: 4, streams: 8, body: 'grpc' },
];

export function allowedPath({ body, protocol }: BenchCase): string {
  return protocol === 'grpc' ? '/bench.Echo/Say' : `/bench/${body}`;
}

export function deniedPath({ protocol }: BenchCase): string {
  return protocol === 'grpc' ? '/denied.Echo/Say' : '/denied';
}

/** Of the paths that the policy lets `web` ask for. */
export const ALLOWED_PREFIX = '/bench';
export const ALLOWED_METHODS = ['GET', 'POST'] as const;

/** So many that every connection sends whole hundreds: then one request of a hundred is denied, exactly. */
export function wholeHundreds(requests: number, { connections }: BenchCase): number {
  const unit = connections * DENIED_EVERY;
  return Math.max(1, Math.round(requests / unit)) * unit;
}
