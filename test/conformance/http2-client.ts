/** One HTTP/2 request, frame by frame, so that nothing about it is checked or rewritten here. */
import type { Duplex } from 'node:stream';
import type { SentRequest } from '../../policy/receive-request.ts';
import type { Observation } from './client.ts';

/** Sends the request; how the stream or the connection ended, where no answer came. */
export async function exchangeHttp2(
  stream: Duplex,
  _request: SentRequest,
  _number: number,
  _signal: AbortSignal,
): Promise<Partial<Observation>> {
  stream.destroy();
  return { failure: 'http2 not played yet' };
}
