/** What is said over HTTP/1.1 through both pairs, by title. */
import { ANSWERS } from './http1/answers.ts';
import { INTERIM, STREAMS, TRAILERS, UPGRADES } from './http1/exchanges.ts';
import type { Play } from './http1/messages.ts';
import { FIELDS, METHODS, SIZES, TARGETS } from './http1/requests.ts';

export const CONVERSATIONS: Readonly<Record<string, Play>> = {
  ...METHODS,
  ...SIZES,
  ...TARGETS,
  ...FIELDS,
  ...ANSWERS,
  ...TRAILERS,
  ...INTERIM,
  ...STREAMS,
  ...UPGRADES,
};
