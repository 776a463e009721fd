/** RequestValidations of a request over HTTP/2: what they look at of its body is read before anything goes on. */
import type { HeaderList } from '../../model/request-facts.ts';
import type { ServerExchange } from '../http2/server-exchange.ts';
import { requestBody } from './request-body.ts';
import { type PendingValidation, type Refusal, refusalOf } from './validate.ts';

export type ValidatedHttp2 =
  /** Without the wish for a 100, where the body is here already. */
  { kind: 'valid'; headers: HeaderList } | { kind: 'gone' } | Refusal;

export async function validateHttp2(
  { mostBytes, check }: PendingValidation,
  exchange: ServerExchange,
  { headers, body }: { headers: HeaderList; body: 'none' | 'follows' },
): Promise<ValidatedHttp2> {
  const unread = mostBytes === null || body === 'none';
  // Who waits for a 100 gets ours: nobody else is asked before the body is here.
  const awaited = headers.some(([name]) => name === 'expect');
  if (awaited && !unread) exchange.inform(100, []);
  const read = unread ? { bytes: 0, whole: Buffer.alloc(0) } : await exchange.readBody(mostBytes);
  if (exchange.over) return { kind: 'gone' };
  const invalid = check(read.whole === null ? { bytes: read.bytes } : requestBody(read.whole));
  if (invalid !== null || read.whole === null) return refusalOf(invalid);
  return { kind: 'valid', headers: headers.filter(([name]) => name !== 'expect' || unread) };
}
