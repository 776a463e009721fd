/** gRPC's status for an answer that a proxy gives itself, as Envoy maps it. */
import type { HeaderList } from '../model/request-facts.ts';

/** By HTTP status; all others are UNKNOWN. */
const GRPC_STATUS: Readonly<Record<number, number>> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: 14,
  502: 14,
  503: 14,
  504: 14,
};
const UNKNOWN = 2;

/** Whether a request is a gRPC call, by its Content-Type. */
export function isGrpc(headers: HeaderList): boolean {
  const type = headers.find(([name]) => name === 'content-type')?.[1] ?? '';
  return type === 'application/grpc' || type.startsWith('application/grpc+');
}

/** The code (https://grpc.github.io/grpc/core/md_doc_statuscodes.html) for an HTTP status. */
export function grpcStatusOf(httpStatus: number): number {
  return GRPC_STATUS[httpStatus] ?? UNKNOWN;
}

/** `grpc-message`: percent-encoded but for printable ASCII (gRPC over HTTP2, "Percent-Encoded"). */
export function grpcMessage(text: string): string {
  return text.replace(/[^ -$&-~]/gu, (character) => encodeURIComponent(character));
}
