/** An HTTP/2 client's side of a routed exchange. */
import type { ServerExchange } from '../http2/server-exchange.ts';
import type { ClientSide } from './client-side.ts';

/** `close` ends the connection, as Envoy does where it has no HTTP listener. */
export function http2Client(exchange: ServerExchange, method: string, close: () => void): ClientSide {
  return {
    get over() {
      return exchange.over;
    },
    answer: ({ status, headers, body }) => {
      exchange.answer(status, headers, body, method === 'HEAD' ? 'head-only' : 'body');
      return Promise.resolve();
    },
    close,
    carry: (upstream, request, hooks) =>
      new Promise((resolve) => {
        exchange.forward(upstream, request, {
          connected: hooks.connected,
          responseHeaders: hooks.responseHeaders,
          report: (outcome) => {
            hooks.report(outcome);
            resolve(null);
          },
          failed: ({ decision }) => resolve(decision),
        });
      }),
    tunnel: null,
  };
}
