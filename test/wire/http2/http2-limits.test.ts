import { expect, it } from 'vitest';
import { DEFAULT_HTTP2_LIMITS } from '../../../wire/http2/http2-limits.ts';

it('slow readers of 64 streams keep nobody else of the connection waiting', () => {
  const { connectionWindow, streamWindow } = DEFAULT_HTTP2_LIMITS;
  expect(connectionWindow).toBe(64 * streamWindow);
  expect(streamWindow).toBeGreaterThan(65_535);
});

it('a head may be as large as Envoy’s `max_request_headers_kb`', () => {
  expect(DEFAULT_HTTP2_LIMITS.maxHeaderListBytes).toBe(61_440);
});
