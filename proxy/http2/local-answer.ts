/** Answers that a sidecar gives itself on HTTP/2, in Envoy's shape; a gRPC call gets its status under HTTP 200. */
import type { Decision } from '../../model/decision.ts';
import type { HeaderList } from '../../model/request-facts.ts';
import { grpcMessage, grpcStatusOf } from '../../wire/grpc-status.ts';
import { answerHeaders, besides, type ServerName } from '../answer.ts';

export interface LocalAnswer {
  /** As it is recorded. */
  decision: Decision;
  status: number;
  headers: [string, string][];
  body: Uint8Array;
}

/** `decision` as an HTTP answer: its status and body. */
export function localAnswer(
  decision: Decision,
  protocol: 'http2' | 'grpc',
  server: ServerName,
  more: HeaderList = [],
): LocalAnswer {
  const status = decision.status ?? 403;
  const text = decision.body ?? '';
  if (protocol === 'http2') {
    // The end of an empty answer is the stream's; Envoy says no length there.
    const headers = answerHeaders(decision, server, more).filter(
      ([name]) => text !== '' || name !== 'content-length',
    );
    return { decision, status, headers, body: Buffer.from(text, 'latin1') };
  }
  const message: [string, string][] = text === '' ? [] : [['grpc-message', grpcMessage(text)]];
  const headers: [string, string][] = [
    ['content-type', 'application/grpc'],
    ['grpc-status', String(grpcStatusOf(status))],
    ...message,
    ['date', new Date().toUTCString()],
    ['server', server],
    ...besides(more).filter(([name]) => name !== 'content-type'),
  ];
  return { decision: { ...decision, status: 200, body: '' }, status: 200, headers, body: Buffer.alloc(0) };
}
