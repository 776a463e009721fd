/** What a case of a DecisionSuite says, as its client does it. */
import { describe, expect, it } from 'vitest';
import { decisionCaseSchema, type DecisionCase } from '../../model/decision-suite.ts';
import { calledIp, callerOf, sentRequest, targetOf } from '../../policy/suite-case.ts';

const PRINCIPAL = 'cluster.local/ns/shop/sa/web';

function one(over: { from?: object; to?: object; request?: object }): DecisionCase {
  return decisionCaseSchema.parse({
    id: 'one',
    from: over.from ?? {},
    to: { namespace: 'shop', serviceAccount: 'cart', port: 80, ...over.to },
    request: { protocol: 'http', ...over.request },
    expect: { decision: 'allow' },
  });
}

describe('who is called', () => {
  it('is what policies select by, at an address of its own', () => {
    expect(targetOf(one({}))).toEqual({ namespace: 'shop', serviceAccount: 'cart', labels: {} });
    expect(targetOf(one({ to: { labels: { app: 'a' } } })).labels).toEqual({ app: 'a' });
    expect([calledIp(one({})), calledIp(one({ to: { ip: '10.9.9.9' } }))]).toEqual(['10.0.1.20', '10.9.9.9']);
  });
});

describe('a caller', () => {
  it('without principal and certificate speaks plaintext', () => {
    expect(callerOf(one({}))).toEqual({ ip: '10.0.7.7', tls: 'plaintext' });
    expect(callerOf(one({ from: { ip: '1.2.3.4' }, request: { sni: 'a' } }))).toEqual({
      ip: '1.2.3.4',
      tls: 'plaintext',
    });
  });

  const tls = (from: object, request: object = {}) => {
    const caller = callerOf(one({ from: { principal: PRINCIPAL, ...from }, request }));
    if (caller.tls === 'plaintext') throw new Error('plaintext');
    return caller.tls;
  };

  it.each([
    ['http', {}, ['istio-http/1.1', 'istio', 'http/1.1']],
    ['http2', {}, ['istio-h2', 'istio', 'h2']],
    ['grpc', {}, ['istio-h2', 'istio', 'h2']],
    ['tcp', {}, ['istio-peer-exchange', 'istio']],
    ['http', { alpn: 'plain' }, ['http/1.1']],
    ['http2', { alpn: 'plain' }, ['h2']],
    ['tcp', { alpn: 'plain' }, []],
  ])('of %s with %j offers %j', (protocol, from, alpn) => {
    expect(tls(from, { protocol }).alpn).toEqual(alpn);
  });

  it.each([
    [{}, { kind: 'valid', principal: PRINCIPAL }],
    [{ certificate: 'none' }, { kind: 'none' }],
    [{ certificate: 'foreign-ca' }, { kind: 'refused' }],
    [{ certificate: 'expired' }, { kind: 'refused' }],
    [{ certificate: 'none', principal: undefined }, { kind: 'none' }],
    [{ certificate: 'expired', principal: undefined }, { kind: 'refused' }],
  ])('with %j shows %j', (from, certificate) => {
    expect(tls(from).certificate).toEqual(certificate);
  });

  it.each([
    [undefined, null],
    ['', null],
    ['.', null],
    ['Shop.Example', 'shop.example'],
    ['shop.example.', 'shop.example'],
    ['a..', 'a.'],
    ['10.0.0.1', null],
    ['::1', null],
  ])('names the server %j as %j', (sni, sent) => {
    expect(tls({}, sni === undefined ? {} : { sni }).sni).toBe(sent);
  });
});

describe('a request', () => {
  it('is GET / to the account’s name, unless it says otherwise, and none over TCP', () => {
    expect(sentRequest(one({}))).toEqual({
      protocol: 'http1',
      method: 'GET',
      path: '/',
      host: 'cart',
      headers: [],
    });
    expect(sentRequest(one({ request: { protocol: 'tcp' } }))).toBeNull();
    expect(
      sentRequest(one({ request: { protocol: 'http2', method: 'PUT', path: '/é', host: 'a' } })),
    ).toEqual({
      protocol: 'http2',
      method: 'PUT',
      path: '/Ã©',
      host: 'a',
      headers: [],
    });
  });

  it('of gRPC has its own headers first', () => {
    expect(sentRequest(one({ request: { protocol: 'grpc', headers: { x: '1' } } }))).toMatchObject({
      protocol: 'grpc',
      headers: [
        ['content-type', 'application/grpc'],
        ['te', 'trailers'],
        ['x', '1'],
      ],
    });
  });

  const headers = (request: object, to: object = {}) => sentRequest(one({ request, to }))?.headers;

  it('has its headers in lower case, several times where there are several values', () => {
    expect(headers({ headers: { 'X-A': ['1', 'é'], b: '2' } })).toEqual([
      ['x-a', '1'],
      ['x-a', 'Ã©'],
      ['b', '2'],
    ]);
  });

  it('has its token as a bearer’s, unless it has an Authorization of its own', () => {
    expect(headers({ token: 't' })).toEqual([['authorization', 'Bearer t']]);
    expect(headers({ token: 't', headers: { Authorization: 'own' } })).toEqual([['authorization', 'own']]);
    expect(headers({ token: '' })).toEqual([['authorization', 'Bearer ']]);
  });

  it('tells a sidecar of the remote address, and a gateway nothing', () => {
    expect(headers({ remoteIp: '1.1.1.1' })).toEqual([['x-forwarded-for', '1.1.1.1']]);
    expect(headers({ remoteIp: '1.1.1.1' }, { kind: 'workload' })).toEqual([['x-forwarded-for', '1.1.1.1']]);
    expect(headers({ remoteIp: '1.1.1.1' }, { kind: 'gateway' })).toEqual([]);
    expect(headers({ remoteIp: '1.1.1.1', headers: { 'X-Forwarded-For': '2.2.2.2' } })).toEqual([
      ['x-forwarded-for', '2.2.2.2'],
    ]);
  });

  it('of a whole block is that block, and shows what its first fields say', () => {
    const fields = [
      [':method', 'PUT'],
      [':method', 'GET'],
      [':path', '/é'],
      ['x', 'é'],
    ];
    expect(sentRequest(one({ request: { protocol: 'http', fields } }))).toEqual({
      protocol: 'http2',
      method: 'PUT',
      path: '/Ã©',
      host: '',
      headers: [['x', 'Ã©']],
      fields: [
        [':method', 'PUT'],
        [':method', 'GET'],
        [':path', '/Ã©'],
        ['x', 'Ã©'],
      ],
    });
    const grpc = [[':authority', 'a']];
    expect(sentRequest(one({ request: { protocol: 'grpc', fields: grpc } }))).toMatchObject({
      protocol: 'grpc',
      host: 'a',
      method: '',
    });
  });
});
