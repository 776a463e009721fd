/** Answers that the sidecar gives in the upstream's place: the route's header operations and CORS apply to them, too. */
import type { Decision } from '../../model/decision.ts';
import type { HeaderList } from '../../model/request-facts.ts';
import { isGrpc, grpcMessage, grpcStatusOf } from '../../wire/grpc-status.ts';
import type { LocalAnswer } from '../http2/local-answer.ts';

export interface RouteReply {
  decision: Decision;
  /** Besides what every answer has, before `finish`. */
  headers?: HeaderList;
  /** Of gRPC, where the failure has one of its own. */
  grpcStatus?: number;
  /** The same for gRPC clients. */
  plain?: boolean;
  /** Last touch before date and server. */
  finish?: (headers: HeaderList) => HeaderList;
}

/** Whom the answer is for. */
export interface Asked {
  protocol: 'http1' | 'http2';
  method: string;
  headers: HeaderList;
  /** What ends the answer: `server`, and what else the client is told. */
  last: [string, string][];
}

/** A gRPC client gets its status under HTTP 200, whatever version of HTTP it speaks. */
export function localReply(asked: Asked, reply: RouteReply): LocalAnswer {
  const { decision, headers = [], finish = (fields) => fields } = reply;
  const grpc = isGrpc(asked.headers) && reply.plain !== true;
  const status = grpc ? 200 : (decision.status ?? 503);
  const text = decision.body ?? '';
  const body = Buffer.from(grpc ? '' : text, 'latin1');
  const fields = finish([
    ...(grpc ? grpcFields(decision.status ?? 503, text, reply.grpcStatus) : typed(body)),
    ...headers,
  ])
    .filter(
      ([name]) =>
        name !== 'date' && name !== 'server' && (body.length > 0 || grpc || name !== 'content-type'),
    )
    .map(([name, value]): [string, string] => [name, value]);
  // Of an empty answer only HTTP/1.1 needs to be told that it is over.
  if (body.length === 0 && asked.protocol === 'http1' && mayHaveLength(asked.method, status))
    fields.unshift(['content-length', '0']);
  return {
    decision: grpc ? { ...decision, status, body: '' } : decision,
    status,
    headers: [...fields, ['date', new Date().toUTCString()], ...asked.last],
    body,
  };
}

function typed({ length }: Uint8Array): [string, string][] {
  if (length === 0) return [];
  return [
    ['content-length', String(length)],
    ['content-type', 'text/plain'],
  ];
}

function mayHaveLength(method: string, status: number): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304 && status >= 200;
}

function grpcFields(status: number, text: string, own: number | undefined): [string, string][] {
  const message: [string, string][] = text === '' ? [] : [['grpc-message', grpcMessage(text)]];
  return [
    ['content-type', 'application/grpc'],
    ['grpc-status', String(own ?? grpcStatusOf(status))],
    ...message,
  ];
}
