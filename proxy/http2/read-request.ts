/** From a decoded header block to a request that may be judged: codec checks and normalization, as Envoy has them. */
import type { Decision } from '../../model/decision.ts';
import type { PathNormalization } from '../../model/mesh.ts';
import type { HeaderList } from '../../model/request-facts.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { isGrpc } from '../../wire/grpc-status.ts';
import type { DecodedBlock } from '../../wire/http2/hpack-decoder.ts';
import { ERROR } from '../../wire/http2/protocol.ts';
import type { Then } from '../../wire/http2/stream.ts';
import { checkRequestFields, type Http2Refusal, type Http2Request } from '../../wire/http2-fields.ts';
import { normalizePath } from '../../wire/path-normalization.ts';
import { decisionOf } from '../error-table.ts';
import type { ForwardReport } from '../forward-http.ts';

export type ReadRequest =
  | {
      kind: 'request';
      request: Http2Request;
      path: string;
      protocol: 'http2' | 'grpc';
    }
  /** Refused with an answer. */
  | { kind: 'refused'; decision: Decision; protocol: 'http2' | 'grpc' }
  /** Refused by ending the stream; what is malformed ends the whole connection (observed on Envoy 1.40). */
  | { kind: 'reset'; decision: Decision; code: number; ends: 'stream' | 'connection' };

export function readRequest(block: DecodedBlock, then: Then, mode: PathNormalization): ReadRequest {
  const checked = checkRequestFields(block.fields, then === 'end' ? 'none' : 'follows');
  const overflow = overflowOf(block);
  if (overflow !== null) return refused(overflow, block.fields);
  if ('refusal' in checked) return refused(checked.refusal, block.fields);
  const { request } = checked;
  const protocol = isGrpc(request.headers) ? 'grpc' : 'http2';
  const normalized = normalizePath(request.rawPath, mode);
  if (normalized.kind === 'refused')
    return { kind: 'refused', decision: decisionOf('normalization-failed'), protocol };
  return { kind: 'request', request, path: normalized.path, protocol };
}

function overflowOf({ overflow }: DecodedBlock): Http2Refusal | null {
  if (overflow === null) return null;
  const details = overflow === 'bytes' ? 'http2.header_list_size_too_large' : 'http2.too_many_headers';
  return { details, reason: 'headers-too-large' };
}

function refused({ details, reason, status }: Http2Refusal, fields: HeaderList): ReadRequest {
  const decision: Decision = { verdict: 'deny', phase: 'codec', reason, matched: null, details };
  if (status !== undefined) {
    const protocol = isGrpc(fields) ? 'grpc' : 'http2';
    return { kind: 'refused', decision: { ...decision, status, body: '' }, protocol };
  }
  if (reason === 'headers-too-large')
    return { kind: 'reset', decision, code: ERROR.INTERNAL_ERROR, ends: 'stream' };
  return { kind: 'reset', decision, code: ERROR.PROTOCOL_ERROR, ends: 'connection' };
}

/** The event's view of a block that was refused before it meant anything. */
export function unreadRequest({ fields }: DecodedBlock): TrafficEvent['request'] {
  const value = (name: string): string => fields.find(([present]) => present === name)?.[1] ?? '';
  return {
    protocol: isGrpc(fields) ? 'grpc' : 'http2',
    method: value(':method'),
    path: value(':path'),
    rawPath: value(':path'),
    host: value(':authority') || value('host'),
    headers: fields.filter(([name]) => !name.startsWith(':')),
    bodyBytes: 0,
  };
}

/** Envoy's words for how an exchange ended that didn't end well; null = it did. */
export function endDetails(end: ForwardReport['end']): string | null {
  switch (end) {
    case 'complete':
      return null;
    case 'client-gone':
      return 'downstream_remote_disconnect';
    case 'upstream-gone':
      return 'upstream_reset_after_response_started{connection_termination}';
  }
}
