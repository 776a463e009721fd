import { describe, expect, it } from 'vitest';
import {
  asked,
  peerName,
  phases,
  shortField,
  shortIdentity,
  verdictWords,
  why,
  withoutShared,
} from '../../../renderer/reading/event-words.ts';
import { ALLOWED, DENIED, denied, event, peer } from '../fixtures/events.ts';

describe('an event in words', () => {
  it('says of a denial which rule was nearest and what it missed', () => {
    expect(why(denied(1))).toBe('no ALLOW matched · nearest payments-from-orders[0]: principals');
  });

  it('says when an exchange reached its phases, and nothing where nobody measured', () => {
    expect(phases(event(1, {}))).toBe(null);
    const timing = { headMicros: 20, decidedMicros: 110, upstreamMicros: 900, doneMicros: 950 };
    expect(phases(event(1, { timing }))).toBe(
      'head read at 20 µs · decided at 110 µs · answer begun at 900 µs',
    );
  });

  it('says of a refused handshake why, and of an allowed request by which rule', () => {
    const handshake = event(1, {
      kind: 'handshake',
      request: null,
      decision: { ...DENIED, phase: 'mtls', reason: 'unknown-authority' },
    });
    expect([asked(handshake), why(handshake)]).toEqual([
      'TLS handshake',
      'mTLS: certificate of an unknown CA',
    ]);
    expect(why(event(1))).toBe('payments-from-orders[0]');
    expect(why(event(1, { decision: { ...ALLOWED, phase: 'default', matched: null } }))).toBe(
      'no policy applies',
    );
  });

  it('keeps amber for what is no denial by policy', () => {
    const word = (phase: 'jwt' | 'rate-limit' | 'allow') => verdictWords({ ...DENIED, phase }).word;
    expect([word('jwt'), word('rate-limit'), word('allow')]).toEqual(['rejected', 'limited', 'denied']);
  });

  it.each([
    ['fault-abort', 'fault'],
    ['https-redirect', 'redirected'],
    ['route-redirect', 'redirected'],
    ['route-response', 'answered'],
    ['cors-preflight', 'answered'],
    ['no-route', 'no route'],
  ])('tells what a route did to a request, %s, from a route that is not there', (reason, word) => {
    expect(verdictWords({ ...DENIED, phase: 'route', reason })).toEqual({ tone: 'warn', word });
  });

  it('shortens a clause to what differs', () => {
    expect(shortField('to[1].operation.methods')).toBe('methods');
    expect(shortField('when[request.headers[x-role]]')).toBe('when[request.headers[x-role]]');
    const [a, b] = ['cluster.local/ns/shop/sa/orders', 'cluster.local/ns/shop/sa/inventory'];
    expect(withoutShared(a, b)).toEqual(['…/sa/orders', '…/sa/inventory']);
    expect(withoutShared('/charge', '/charge/x')).toEqual(['/charge', '/charge/x']);
    expect(withoutShared(a, a)).toEqual([a, a]);
    expect(withoutShared(a, '')).toEqual([a, '']);
  });

  it('names a peer by workload, identity or address', () => {
    expect(peerName(peer('web'))).toBe('web');
    expect(peerName({ ...peer('web'), workload: null })).toBe('sa/web');
    expect(peerName(peer(null))).toBe('127.0.0.1');
    expect(shortIdentity('spiffe://evil.example/x')).toBe('spiffe://evil.example/x');
  });
});
