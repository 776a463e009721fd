/** Traffic events for tests of what keeps and shows them. */
import type { TrafficEvent } from '../../model/traffic-event.ts';

const NOBODY = {
  workload: null,
  namespace: null,
  instance: null,
  spiffeId: null,
  ip: '10.244.0.10',
  port: null,
};

export function sampleEvent(more: Partial<TrafficEvent> = {}): TrafficEvent {
  return {
    id: 0,
    kind: 'http',
    direction: 'inbound',
    owner: 'orders-0',
    at: 1_000,
    durationMs: 1,
    from: { ...NOBODY, workload: 'web', spiffeId: 'spiffe://cluster.local/ns/shop/sa/web' },
    to: { ...NOBODY, workload: 'orders', ip: '10.244.1.10', port: 8080 },
    tls: null,
    request: {
      protocol: 'http1',
      method: 'GET',
      path: '/orders',
      rawPath: '/orders',
      host: 'orders',
      headers: [],
      bodyBytes: 0,
    },
    response: { status: 200, headers: [], bodyBytes: 2, by: 'upstream' },
    decision: { verdict: 'allow', phase: 'default', reason: 'no-policy', matched: null },
    explanation: null,
    findings: [],
    snapshotVersion: 1,
    requestId: null,
    tag: null,
    ...more,
  };
}

export function deniedEvent(more: Partial<TrafficEvent> = {}): TrafficEvent {
  return sampleEvent({
    decision: { verdict: 'deny', phase: 'allow', reason: 'no-allow-matched', matched: null, status: 403 },
    ...more,
  });
}
