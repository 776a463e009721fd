import { describe, expect, it } from 'vitest';
import type { EventContext, HttpExchange } from '../../../proxy/event-writer.ts';
import { exchangeEvent } from '../../../proxy/events/exchange-event.ts';
import { sampleEvent } from '../../support/sample-event.ts';

const { direction, owner, from, to, tls, decision, findings, snapshotVersion, tag } = sampleEvent();
const CONTEXT: EventContext = { direction, owner, from, to, tls, decision, findings, snapshotVersion, tag };

function exchange(requestHead: string, responseHead: string): HttpExchange {
  return {
    wallMs: 1_000.5,
    durationMicros: 1_234,
    status: 200,
    by: 'upstream',
    protocol: 'http1',
    requestBytes: 7,
    responseBytes: 2,
    requestHead: Buffer.from(requestHead, 'latin1'),
    responseHead: Buffer.from(responseHead, 'latin1'),
    headMicros: 3,
    decidedMicros: 40,
    upstreamMicros: 900,
  };
}

describe('the event of an exchange', () => {
  it('shows no credential, even when one came by the hot path', () => {
    const event = exchangeEvent(
      CONTEXT,
      exchange(
        'GET /a?access_token=s3cret HTTP/1.1\r\nhost: orders\r\nauthorization: Bearer s3cret\r\nx-any: eyJh.eyJi.sig',
        'HTTP/1.1 200 OK\r\nset-cookie: id=s3cret\r\n\r\n',
      ),
    );
    expect(JSON.stringify(event)).not.toMatch(/s3cret|eyJh/);
  });

  it('has what the general lane would say of the same request', () => {
    const event = exchangeEvent(
      CONTEXT,
      exchange(
        'POST /orders?q=1 HTTP/1.1\r\nHost: orders:80\r\nX-Request-Id: abc\r\ncontent-length: 7\r\nconnection: keep-alive\r\n\r\n',
        'HTTP/1.1 201 Created\r\nserver: istio-envoy\r\nx-note:  \u00a0a: b\u00a0 \r\ntransfer-encoding: chunked\r\n\r\n',
      ),
    );
    expect(event).toEqual({
      ...sampleEvent(),
      at: 1_000.5,
      durationMs: 1.234,
      request: {
        protocol: 'http1',
        method: 'POST',
        path: '/orders?q=1',
        rawPath: '/orders?q=1',
        host: 'orders:80',
        headers: [
          ['x-request-id', 'abc'],
          ['content-length', '7'],
        ],
        bodyBytes: 7,
      },
      response: {
        status: 200,
        headers: [
          ['server', 'istio-envoy'],
          ['x-note', '\u00a0a: b\u00a0'],
        ],
        bodyBytes: 2,
        by: 'upstream',
      },
      requestId: 'abc',
      timing: { headMicros: 3, decidedMicros: 40, upstreamMicros: 900, doneMicros: 1_234 },
    });
  });

  it('keeps bytes beyond ASCII as the wire had them', () => {
    const event = exchangeEvent(
      CONTEXT,
      exchange('GET / HTTP/1.1\r\nhost: o\r\nx-name: M\u00fc', 'HTTP/1.1 200 OK'),
    );
    expect(event.request?.headers).toEqual([['x-name', 'M\u00fc']]);
  });
});
