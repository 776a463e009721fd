import { describe, expect, it } from 'vitest';
import { gatewayServerSchema } from '../../../model/istio/gateway-routing.ts';
import {
  admitAt,
  asksForCertificate,
  connectToGateway,
  serverAt,
} from '../../../policy/gateway/gateway-connection.ts';
import type { GatewayPort, PortServer } from '../../../policy/gateway/read-gateway.ts';

function server(hosts: string[], mode?: string, more: object = {}): PortServer {
  const tls = mode === undefined ? {} : { tls: { mode, ...more } };
  const port = { number: 443, name: 'p', protocol: mode === undefined ? 'HTTP' : 'HTTPS' };
  return { gateway: 'istio-system/ingress', server: gatewayServerSchema.parse({ port, hosts, ...tls }) };
}

function at(http: PortServer[], https: PortServer[]): GatewayPort {
  const destinations = { ports: {}, hashes: {} };
  return {
    port: 443,
    labels: {},
    namespace: 'istio-system',
    http,
    https,
    tls: [],
    passthrough: [],
    tcp: null,
    virtualServices: [],
    destinations,
  };
}

const web = 'cluster.local/ns/shop/sa/web';
const valid = { kind: 'valid', principal: web } as const;

describe('a connection reaches no server', () => {
  it.each([
    [
      'TLS at an HTTP port',
      at([server(['*'])], []),
      { sni: null },
      'codec',
      'client-hello-on-plaintext',
      'http1.codec_error',
    ],
    [
      'a port that nobody serves',
      at([], []),
      'plaintext',
      'mtls',
      'no-server-at-port',
      'filter_chain_not_found',
    ],
    [
      'plaintext at named servers',
      at([], [server(['a'], 'SIMPLE')]),
      'plaintext',
      'mtls',
      'plaintext-on-https',
      'filter_chain_not_found',
    ],
    [
      'plaintext at a server of all names',
      at([], [server(['a'], 'SIMPLE'), server(['x/*'], 'SIMPLE')]),
      'plaintext',
      'mtls',
      'plaintext-on-https',
      'tls: HTTP_REQUEST',
    ],
    [
      'another name',
      at([], [server(['a'], 'SIMPLE')]),
      { sni: 'b' },
      'mtls',
      'unknown-server-name',
      'filter_chain_not_found',
    ],
    [
      'no name',
      at([], [server(['a'], 'SIMPLE')]),
      { sni: null },
      'mtls',
      'unknown-server-name',
      'filter_chain_not_found',
    ],
  ] as const)('by %s', (_, port, hello, phase, reason, details) => {
    const refused = { verdict: 'deny', phase, reason, matched: null, details };
    expect(serverAt(port, hello)).toEqual(refused);
  });
});

describe('a connection reaches', () => {
  const named = server(['ns/shop.example', 'x'], 'SIMPLE');
  const wide = server(['*.example'], 'MUTUAL');
  const any = server(['*', 'y.example'], 'OPTIONAL_MUTUAL');

  it('all HTTP servers of a port in plaintext', () => {
    const both = [server(['a']), server(['b'])];
    expect(serverAt(at(both, []), 'plaintext')).toEqual({ servers: both, tls: null, bytes: null });
    expect(connectToGateway(at(both, []), { ip: '1.1.1.1', tls: 'plaintext' })).toEqual({
      servers: both,
      tls: false,
      principal: null,
      bytes: null,
    });
  });

  it.each([
    ['SHOP.example', named],
    ['x', named],
    ['cart.example', wide],
    ['y.example', wide],
    ['elsewhere', any],
    ['', any],
  ])('the HTTPS server whose name is nearest to %j', (sni, reached) => {
    expect(serverAt(at([], [named, wide, any]), { sni })).toEqual({
      servers: [reached],
      tls: reached,
      bytes: null,
    });
  });

  it('the server of all names without a name', () => {
    expect(serverAt(at([], [named, any]), { sni: null })).toEqual({
      servers: [any],
      tls: any,
      bytes: null,
    });
  });
});

describe('a certificate', () => {
  it.each([
    ['SIMPLE', false],
    ['MUTUAL', true],
    ['ISTIO_MUTUAL', true],
    ['OPTIONAL_MUTUAL', true],
  ])('is asked for by %s: %s', (mode, asked) => {
    expect(asksForCertificate(server(['*'], mode))).toBe(asked);
  });

  it.each([
    ['none', 'MUTUAL', { kind: 'none' }, 'no-certificate', 'tls: PEER_DID_NOT_RETURN_A_CERTIFICATE'],
    ['none', 'ISTIO_MUTUAL', { kind: 'none' }, 'no-certificate', 'tls: PEER_DID_NOT_RETURN_A_CERTIFICATE'],
    ['a refused one', 'MUTUAL', { kind: 'refused' }, 'chain-refused', 'tls: CERTIFICATE_VERIFY_FAILED'],
    [
      'a refused one',
      'OPTIONAL_MUTUAL',
      { kind: 'refused' },
      'chain-refused',
      'tls: CERTIFICATE_VERIFY_FAILED',
    ],
  ] as const)('%s is refused by %s', (_, mode, certificate, reason, details) => {
    const refused = { verdict: 'deny', phase: 'mtls', reason, matched: null, details };
    expect(admitAt(server(['*'], mode), certificate)).toEqual(refused);
  });

  it('of another name than those that are listed is refused', () => {
    const subjectAltNames = [`spiffe://${web}`, 'other'];
    expect(admitAt(server(['*'], 'MUTUAL', { subjectAltNames }), valid)).toMatchObject({ principal: web });
    expect(admitAt(server(['*'], 'MUTUAL', { subjectAltNames: [web] }), valid)).toMatchObject({
      reason: 'unexpected-name',
      details: 'tls: CERTIFICATE_VERIFY_FAILED',
    });
  });

  it('is asked for all its names, and one is enough', () => {
    const listed = (...subjectAltNames: string[]) => server(['*'], 'MUTUAL', { subjectAltNames });
    const many = { ...valid, names: [`spiffe://${web}`, 'spiffe://x/second', '*.partner.example'] };
    for (const name of many.names)
      expect(admitAt(listed('other', name), many)).toMatchObject({ principal: web });
    for (const name of ['spiffe://x', 'a.partner.example', '*.PARTNER.example', ''])
      expect(admitAt(listed(name), many), name).toMatchObject({ reason: 'unexpected-name' });
    expect(admitAt(listed(`spiffe://${web}`), { ...valid, names: [] })).toMatchObject({
      reason: 'unexpected-name',
    });
  });

  it.each([
    ['SIMPLE', valid, null],
    ['SIMPLE', { kind: 'refused' }, null],
    ['OPTIONAL_MUTUAL', { kind: 'none' }, null],
    ['OPTIONAL_MUTUAL', valid, web],
    ['ISTIO_MUTUAL', valid, web],
  ] as const)('of %s gives a principal only where it was looked at: %j', (mode, certificate, principal) => {
    const chosen = server(['*'], mode);
    const from = { ip: '1.1.1.1', tls: { alpn: [], sni: 'a', certificate } };
    const reached = { servers: [chosen], tls: true, principal, bytes: null };
    expect(admitAt(chosen, certificate)).toEqual({ principal });
    expect(connectToGateway(at([], [chosen]), from)).toEqual(reached);
  });
});
