/** RequestValidations of a request over HTTP/1: what they look at of its body is read before anything goes on. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http1Request } from '../../wire/http1-request-checks.ts';
import type { Detached } from '../http-lane.ts';
import { readBody } from './read-body.ts';
import { requestBody } from './request-body.ts';
import { type PendingValidation, type Refusal, refusalOf } from './validate.ts';

export type ValidatedHttp1 =
  /** `message` says the body again, where it was read. */
  { kind: 'valid'; message: IncomingMessage } | { kind: 'gone' } | Refusal;

export async function validateHttp1(
  { mostBytes, check }: PendingValidation,
  request: Http1Request,
  {
    message,
    response,
    detached,
  }: { message: IncomingMessage; response: ServerResponse; detached: Detached | null },
): Promise<ValidatedHttp1> {
  const framing = mostBytes === null || detached !== null ? 'none' : request.body;
  const read = await readBody(message, response, framing, mostBytes ?? 0);
  if (read.kind === 'gone') return { kind: 'gone' };
  const invalid = check(read.kind === 'whole' ? requestBody(read.bytes) : { bytes: read.bytes });
  return invalid === null && read.kind === 'whole'
    ? { kind: 'valid', message: read.message }
    : refusalOf(invalid);
}
