/** An HTTP/2 client's side of a routed exchange. */
import type { Decision } from '../../model/decision.ts';
import type { LocalAnswer } from '../http2/local-answer.ts';
import type { ServerExchange } from '../http2/server-exchange.ts';
import type { Upstream, UpstreamRequest } from '../http2/upstream.ts';
import type { CarryHooks, ClientSide } from './client-side.ts';

export class Http2Client implements ClientSide {
  readonly tunnel = null;
  readonly #exchange: ServerExchange;
  readonly #method: string;
  readonly #close: () => void;

  /** `close` ends the connection, as Envoy does where it has no HTTP listener. */
  constructor(exchange: ServerExchange, method: string, close: () => void) {
    this.#exchange = exchange;
    this.#method = method;
    this.#close = close;
  }

  get over(): boolean {
    return this.#exchange.over;
  }

  answer({ status, headers, body }: LocalAnswer): Promise<void> {
    this.#exchange.answer(status, headers, body, this.#method === 'HEAD' ? 'head-only' : 'body');
    return Promise.resolve();
  }

  close(): void {
    this.#close();
  }

  carry(upstream: Upstream, request: UpstreamRequest, hooks: CarryHooks): Promise<Decision | null> {
    return new Promise((resolve) => {
      this.#exchange.forward(upstream, request, {
        connected: hooks.connected,
        responseHeaders: hooks.responseHeaders,
        report: (outcome) => {
          hooks.report(outcome);
          resolve(null);
        },
        failed: ({ decision }) => resolve(decision),
      });
    });
  }
}
