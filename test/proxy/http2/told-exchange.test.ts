import { describe, expect, it } from 'vitest';
import type { HeaderList } from '../../../model/request-facts.ts';
import type { ForwardReport } from '../../../proxy/forward-http.ts';
import { exchangeEvent } from '../../../proxy/events/exchange-event.ts';
import { toldExchange } from '../../../proxy/http2/told-exchange.ts';
import { sampleContext } from '../../support/exchanges.ts';

const ASKED = {
  protocol: 'grpc',
  method: 'POST',
  path: '/shop.Orders/Place?a=b',
  rawPath: '/shop.Orders/Place?a=b',
  host: 'orders:80',
  headers: [
    ['content-type', 'application/grpc'],
    ['x-request-id', 'abc'],
  ],
} as const;
const REPORT: ForwardReport = {
  status: 200,
  headers: [
    ['server', 'envoy'],
    ['grpc-status', '0'],
  ],
  requestBytes: 12,
  responseBytes: 34,
  end: 'complete',
};
const TIMES = { at: { wallMs: 1_000, monotonicMs: 0 }, decidedAt: 0.5, answeredAt: 2 };

describe('an exchange over HTTP/2', () => {
  it.each<
    [string, Partial<typeof ASKED> | { path: string } | { headers: HeaderList }, Partial<ForwardReport>]
  >([
    ['that had no answer', {}, { status: null }],
    ['that was broken off', {}, { end: 'client-gone' }],
    ['whose answer was broken off', {}, { end: 'upstream-gone' }],
    ['whose path was normalized', { path: '/shop.Orders/Place' }, {}],
    ['with a credential', { headers: [['authorization', 'Bearer x']] }, {}],
    ['with a token in another field', { headers: [['x-any', 'eyJh.eyJi.sig']] }, {}],
    ['with a cookie in its answer', {}, { headers: [['set-cookie', 'a=b']] }],
    ['with a blank before a value', { headers: [['x-a', ' b']] }, {}],
    ['with a tab behind a value of its answer', {}, { headers: [['x-a', 'b\t']] }],
  ])('%s is told as an object', (_, asked, report) => {
    expect(toldExchange({ ...ASKED, ...asked }, { ...REPORT, ...report }, TIMES)).toBeNull();
  });

  it('with a secret in its query is told as an object', () => {
    const path = '/a?access_token=s3cret';
    expect(toldExchange({ ...ASKED, path, rawPath: path }, REPORT, TIMES)).toBeNull();
  });

  it('comes back from its numbers as it was', () => {
    const told = toldExchange(ASKED, REPORT, TIMES);
    if (told === null) throw new Error('told as an object');
    const heads = {
      requestHead: Buffer.from(told.requestHead as string, 'latin1'),
      responseHead: Buffer.from(told.responseHead as string, 'latin1'),
    };
    const { request, response, requestId, timing } = exchangeEvent(sampleContext(), { ...told, ...heads });
    expect(request).toEqual({ ...ASKED, bodyBytes: 12 });
    expect(response).toEqual({ status: 200, headers: REPORT.headers, bodyBytes: 34, by: 'upstream' });
    expect(requestId).toBe('abc');
    expect(timing).toMatchObject({ headMicros: 0, decidedMicros: 500, upstreamMicros: 2_000 });
  });
});
