/** An upstream whose answer's body comes slowly. What waits here isn't acknowledged, so back-pressure bounds it. */
import type { Upstream, UpstreamEvents } from '../http2/upstream.ts';
import type { Then } from '../../wire/http2/stream.ts';
import { Pace } from './pace.ts';

type Waiting =
  | { bytes: Uint8Array; ends: Then }
  | { trailers: [string, string][] }
  | { failure: Parameters<UpstreamEvents['failed']>[0] };

class SlowAnswer {
  readonly #pace: Pace;
  readonly #events: UpstreamEvents;
  readonly #waiting: Waiting[] = [];
  #carrying = false;

  constructor(bytesPerSecond: number, events: UpstreamEvents) {
    this.#pace = new Pace(bytesPerSecond);
    this.#events = events;
  }

  take(piece: Waiting): void {
    this.#waiting.push(piece);
    if (!this.#carrying) this.#next();
  }

  stop(): void {
    this.#waiting.length = 0;
    this.#pace.stop();
  }

  #next(): void {
    const piece = this.#waiting.shift();
    this.#carrying = piece !== undefined;
    if (piece === undefined) return;
    if ('failure' in piece) this.#events.failed(piece.failure);
    else if ('trailers' in piece) this.#events.trailers(piece.trailers);
    else {
      const { bytes, ends } = piece;
      this.#pace.carry(
        bytes,
        (slice) => this.#events.data(slice, 'more'),
        () => {
          if (ends === 'end') this.#events.data(NOTHING, 'end');
          this.#next();
        },
      );
    }
  }
}

const NOTHING = new Uint8Array(0);

/** `upstream`, whose answers' bodies come at so many bytes a second. */
export function slowUpstream(upstream: Upstream, bytesPerSecond: number): Upstream {
  return (request, events) => {
    const answer = new SlowAnswer(bytesPerSecond, events);
    const exchange = upstream(request, {
      connected: (socket) => events.connected(socket),
      informational: (status, headers) => events.informational(status, headers),
      sent: (count) => events.sent(count),
      head: (status, headers, then) => events.head(status, headers, then),
      data: (bytes, ends) => answer.take({ bytes, ends }),
      trailers: (trailers) => answer.take({ trailers }),
      failed: (failure) => answer.take({ failure }),
    });
    return {
      data: (bytes, then) => exchange.data(bytes, then),
      trailers: (headers) => exchange.trailers(headers),
      consumed: (count) => exchange.consumed(count),
      cancel: () => {
        answer.stop();
        exchange.cancel();
      },
    };
  };
}
