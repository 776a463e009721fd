/** A case's request as HTTP/1.1 bytes, nothing of it checked or repaired. */
import type { SentRequest } from '../../policy/receive-request.ts';
import { byteString } from '../../wire/path-normalization.ts';
import { CASE_HEADER } from './recorder.ts';

/** The request, with the case's number beside its own headers. */
export function requestBytes(request: SentRequest, number: number): Buffer {
  const lines = [
    `${request.method} ${byteString(request.path)} HTTP/1.1`,
    `host: ${request.host}`,
    `${CASE_HEADER}: ${number}`,
    ...request.headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
