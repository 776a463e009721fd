/** An HTTP/1.1 client's side of a routed exchange. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http1Request } from '../../wire/http1-request-checks.ts';
import { answer } from '../answer.ts';
import { forward, type ForwardInput } from '../forward-http.ts';
import { carryOverHttp2 } from '../http2/carry-http1.ts';
import type { UpstreamRequest } from '../http2/upstream.ts';
import type { Detached } from '../http-lane.ts';
import type { CarryHooks, ClientSide } from './client-side.ts';

export function http1Client(
  message: IncomingMessage,
  response: ServerResponse,
  detached: Detached | null,
  { body, upgrade }: Pick<Http1Request, 'body' | 'upgrade'>,
): ClientSide {
  const inputOf = (request: UpstreamRequest, hooks: CarryHooks): Omit<ForwardInput, 'agent'> => ({
    request: message,
    response,
    detached,
    method: request.method,
    path: request.path,
    host: request.host,
    headers: request.headers,
    body,
    upgrade,
    onConnection: hooks.connected,
    responseHeaders: hooks.responseHeaders,
    report: hooks.report,
    ...(hooks.upgraded === undefined ? {} : { upgraded: hooks.upgraded }),
  });
  return {
    get over() {
      return message.socket.destroyed || response.writableEnded;
    },
    answer: ({ decision, status, headers, body: text }) =>
      answer(
        message,
        response,
        { ...decision, status, body: text.length === 0 ? '' : Buffer.from(text).toString('latin1') },
        headers,
      ),
    close: () => message.socket.destroy(),
    carry: async (upstream, request, hooks) => {
      const result = await carryOverHttp2(inputOf(request, hooks), upstream);
      return result.kind === 'failed' ? result.decision : null;
    },
    tunnel:
      upgrade === null
        ? null
        : {
            socket: message.socket,
            carry: async (agent, request, hooks) => {
              const result = await forward({ ...inputOf(request, hooks), agent });
              return result.kind === 'failed' ? { decision: result.decision, unsent: result.unsent } : null;
            },
          },
  };
}
