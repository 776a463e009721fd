import { describe, expect, it } from 'vitest';
import { gatewayHeaders, schemeOf, sidecarHeaders } from '../../wire/connection-manager-headers.ts';

const own = 'spiffe://cluster.local/ns/shop/sa/cart';
const client = {
  fingerprint: 'f',
  subject: '',
  uriSans: ['spiffe://cluster.local/ns/shop/sa/web'],
  dnsSans: [],
};

describe('sidecarHeaders', () => {
  it('removes a client certificate that came over plaintext', () => {
    const headers = sidecarHeaders([['x-forwarded-client-cert', 'URI=forged']], {
      ownSpiffeId: own,
      tls: false,
      client: null,
    });
    expect(headers).toEqual([['x-forwarded-proto', 'http']]);
  });

  it('keeps one that came over mutual TLS, and appends the caller’s', () => {
    const headers = sidecarHeaders([['x-forwarded-client-cert', 'URI=forged']], {
      ownSpiffeId: own,
      tls: true,
      client,
    });
    expect(headers).toEqual([
      ['x-forwarded-client-cert', `URI=forged,By=${own};Hash=f;Subject="";URI=${client.uriSans[0]}`],
      ['x-forwarded-proto', 'https'],
    ]);
  });

  it('believes a client’s scheme', () => {
    const headers = sidecarHeaders([['x-forwarded-proto', 'ftp']], {
      ownSpiffeId: own,
      tls: true,
      client: null,
    });
    expect(headers).toEqual([['x-forwarded-proto', 'ftp']]);
  });
});

it('takes Envoy’s own controls from whoever sends them', () => {
  const sent = [
    'x-envoy-internal',
    'x-envoy-retry-on',
    'x-envoy-retry-grpc-on',
    'x-envoy-max-retries',
    'x-envoy-upstream-alt-stat-name',
    'x-envoy-upstream-rq-timeout-ms',
    'x-envoy-upstream-rq-per-try-timeout-ms',
    'x-envoy-upstream-rq-timeout-alt-response',
    'x-envoy-expected-rq-timeout-ms',
    'x-envoy-force-trace',
    'x-envoy-ip-tags',
    'x-envoy-original-url',
    'x-envoy-hedge-on-per-try-timeout',
  ].map((name): [string, string] => [name, 'true']);
  const side = { ownSpiffeId: own, tls: false, client: null };
  expect(sidecarHeaders(sent, side)).toEqual([['x-forwarded-proto', 'http']]);
  expect(gatewayHeaders(sent, { ...side, peer: '10.9.9.9', trustedProxies: 0 }).headers).toEqual([
    ['x-forwarded-for', '10.9.9.9'],
    ['x-envoy-external-address', '10.9.9.9'],
    ['x-forwarded-proto', 'http'],
  ]);
});

describe('gatewayHeaders', () => {
  const side = { ownSpiffeId: own, tls: true, client: null, peer: '10.9.9.9', trustedProxies: 0 };

  it('drops a client certificate that somebody told, over mutual TLS too', () => {
    const forged: [string, string][] = [['x-forwarded-client-cert', 'URI=forged']];
    expect(gatewayHeaders(forged, side).headers.map(([name]) => name)).not.toContain(
      'x-forwarded-client-cert',
    );
    const told = gatewayHeaders(forged, { ...side, client: { ...client, certificate: '"pem"' } }).headers;
    expect(told).toContainEqual([
      'x-forwarded-client-cert',
      `By=${own};Hash=f;Cert="pem";Subject="";URI=${client.uriSans[0]}`,
    ]);
  });

  it('believes addresses and scheme only of trusted proxies', () => {
    const sent: [string, string][] = [
      ['x-forwarded-for', '10.1.2.3, 1.1.1.1'],
      ['x-envoy-external-address', '10.1.2.3'],
      ['x-forwarded-proto', 'ftp'],
    ];
    expect(gatewayHeaders(sent, side)).toEqual({
      remoteIp: '10.9.9.9',
      headers: [
        ['x-forwarded-for', '10.1.2.3, 1.1.1.1,10.9.9.9'],
        ['x-envoy-external-address', '10.9.9.9'],
        ['x-forwarded-proto', 'https'],
      ],
    });
    expect(gatewayHeaders(sent, { ...side, trustedProxies: 1 })).toMatchObject({
      remoteIp: '1.1.1.1',
      headers: [
        ['x-forwarded-proto', 'ftp'],
        ['x-forwarded-for', '10.1.2.3, 1.1.1.1,10.9.9.9'],
        ['x-envoy-external-address', '1.1.1.1'],
      ],
    });
  });
});

it('takes at the edge what only a proxy of the mesh may say, and leaves it to a sidecar', () => {
  const sent = [
    'x-envoy-decorator-operation',
    'x-envoy-downstream-service-cluster',
    'x-envoy-downstream-service-node',
    'x-envoy-original-path',
    'x-envoy-original-host',
  ].map((name): [string, string] => [name, 'forged']);
  const side = { ownSpiffeId: own, tls: false, client: null };
  const atEdge = gatewayHeaders(sent, { ...side, peer: '10.9.9.9', trustedProxies: 1 }).headers;
  expect(atEdge.filter(([, value]) => value === 'forged')).toEqual([]);
  expect(sidecarHeaders(sent, side)).toEqual([...sent, ['x-forwarded-proto', 'http']]);
});

describe('schemeOf', () => {
  it.each(['ftp', 'httpsx', ''])(
    'takes %j of X-Forwarded-Proto for no scheme, and asks the connection',
    (told) => {
      expect(schemeOf([['x-forwarded-proto', told]], true)).toBe('https');
      expect(schemeOf([['x-forwarded-proto', told]], false)).toBe('http');
    },
  );

  it('asks the connection where other fields alone speak of one', () => {
    expect(schemeOf([['x-scheme', 'http']], true)).toBe('https');
  });

  it('believes http over TLS, https over plaintext, in any case', () => {
    expect(schemeOf([['x-forwarded-proto', 'HTTP']], true)).toBe('http');
    expect(schemeOf([['x-forwarded-proto', 'https']], false)).toBe('https');
  });
});
