/** What is said over HTTP/2 through both pairs, by title. */
import { ANSWERS } from './http2/answers.ts';
import { GRPC } from './http2/grpc.ts';
import type { Play } from './http2/messages.ts';
import { FIELDS, METHODS, SIZES, TARGETS } from './http2/requests.ts';
import { STREAMS } from './http2/streams.ts';

export const HTTP2_CONVERSATIONS: Readonly<Record<string, Play>> = {
  ...METHODS,
  ...SIZES,
  ...TARGETS,
  ...FIELDS,
  ...ANSWERS,
  ...STREAMS,
  ...GRPC,
};
