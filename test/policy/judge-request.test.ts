import { describe, expect, it } from 'vitest';
import { type CallingSide, judgeRequest } from '../../policy/judge-request.ts';
import type { SentRequest } from '../../policy/receive-request.ts';
import { authorization, compiled } from '../support/policies.ts';

const config = {
  trustDomain: 'cluster.local',
  trustDomainAliases: ['old.example'],
  pathNormalization: 'BASE',
} as const;
const GET: SentRequest = { protocol: 'http1', method: 'GET', path: '/', host: 'cart.shop', headers: [] };

function caller(principal: string | null, alpn: string[] = ['istio']): CallingSide {
  const certificate =
    principal === null ? ({ kind: 'none' } as const) : ({ kind: 'valid', principal } as const);
  return { ip: '10.1.2.3', tls: { alpn, sni: 'Cart.Shop', certificate } };
}

function judge(
  from: CallingSide,
  mode: 'STRICT' | 'PERMISSIVE' | 'DISABLE',
  request: Partial<SentRequest> = {},
  yaml = '',
) {
  const to = { ip: '10.0.1.20', port: 8080, mode, policy: compiled(yaml) };
  return judgeRequest(from, to, { ...GET, ...request }, config);
}

describe('judgeRequest', () => {
  it.each([
    ['plaintext on STRICT', { ip: '10.1.2.3', tls: 'plaintext' } as const, 'STRICT', 'plaintext-on-strict'],
    [
      'TLS without istio ALPN on PERMISSIVE',
      caller('cluster.local/ns/shop/sa/web', ['http/1.1']),
      'PERMISSIVE',
      'tls-without-istio-alpn',
    ],
    ['no certificate', caller(null), 'STRICT', 'no-certificate'],
    [
      'a foreign trust domain',
      caller('cluster.local.evil.example/ns/shop/sa/web'),
      'STRICT',
      'foreign-trust-domain',
    ],
    [
      'a ClientHello on DISABLE',
      caller('cluster.local/ns/shop/sa/web'),
      'DISABLE',
      'client-hello-on-plaintext',
    ],
  ] as const)('refuses %s', async (_, from, mode, reason) => {
    expect((await judge(from, mode)).decision).toMatchObject({ verdict: 'deny', reason });
  });

  it.each([
    [{ method: 'get' }, 'codec', 'http1.codec_error'],
    [{ path: 'admin' }, 'codec', 'http1.codec_error'],
    [{ path: '/\x01' }, 'codec', 'http1.invalid_characters'],
    [{ method: 'CONNECT' }, 'codec', 'http1.invalid_url'],
    [{ path: '/%00' }, 'normalization', 'path_normalization_failed'],
    [{ path: 'admin', protocol: 'http2' }, 'codec', 'http2.violation.of.messaging.rule'],
  ] as const)('refuses %j before any policy', async (request, phase, details) => {
    expect((await judge(caller('cluster.local/ns/shop/sa/web'), 'STRICT', request)).decision).toMatchObject({
      verdict: 'deny',
      phase,
      details,
    });
  });

  it.each([
    ['x role', 'http1.codec_error'],
    ['x-role ', 'http1.codec_error'],
    [':path', 'http1.codec_error'],
    ['x@y', 'http1.codec_error'],
    ['', 'http1.codec_error'],
    ['é', 'http1.codec_error'],
    ['x\x01y', 'http1.invalid_characters'],
  ])('refuses an HTTP/1 field called %j', async (name, details) => {
    const web = caller('cluster.local/ns/shop/sa/web');
    const { decision } = await judge(web, 'STRICT', { headers: [[name, '1']] });
    expect(decision).toMatchObject({ verdict: 'deny', phase: 'codec', status: 400, details });
  });

  it.each(['a\x01b', 'a\x7fb', 'a\0b', 'a\x0bb'])('refuses an HTTP/1 field with %j in it', async (value) => {
    const web = caller('cluster.local/ns/shop/sa/web');
    const { decision } = await judge(web, 'STRICT', { headers: [['x', value]] });
    expect(decision).toMatchObject({ status: 400, details: 'http1.invalid_characters' });
  });

  it.each(['a"b', 'a<b', 'a\\b', 'a^b', 'a{b', 'a|b', 'aéb'])('refuses a Host of %j', async (host) => {
    const web = caller('cluster.local/ns/shop/sa/web');
    const { decision } = await judge(web, 'STRICT', { host });
    expect(decision).toMatchObject({ status: 400, details: 'http.invalid_authority' });
  });

  it.each([
    ['origin', 'deny'],
    ['x-role', 'allow'],
  ])('matches %s, sent twice, as Envoy keeps it', async (name, verdict) => {
    const from: CallingSide = { ip: '10.1.2.3', tls: 'plaintext' };
    const yaml = authorization(`rules: [{ when: [{ key: "request.headers[${name}]", values: [a] }] }]`);
    const headers: [string, string][] = ['a', 'b'].map((value) => [name, value]);
    expect((await judge(from, 'PERMISSIVE', { headers }, yaml)).decision.verdict).toBe(verdict);
    const h2 = { protocol: 'http2', headers } as const;
    expect((await judge(from, 'PERMISSIVE', h2, yaml)).decision.verdict).toBe(verdict);
  });

  it('believes the last line of X-Forwarded-For that says something', async () => {
    const from: CallingSide = { ip: '10.9.9.9', tls: 'plaintext' };
    const yaml = authorization('rules: [{ from: [{ source: { remoteIpBlocks: [10.1.2.3] } }] }]');
    const headers: [string, string][] = ['10.1.2.3', ''].map((value) => ['x-forwarded-for', value]);
    expect((await judge(from, 'PERMISSIVE', { headers }, yaml)).decision.verdict).toBe('allow');
  });

  it('has no route for an empty x-forwarded-proto, after the policies', async () => {
    const from: CallingSide = { ip: '10.1.2.3', tls: 'plaintext' };
    const headers = [['x-forwarded-proto', '']] as const;
    const { decision } = await judge(from, 'PERMISSIVE', { headers });
    expect(decision).toMatchObject({
      verdict: 'deny',
      phase: 'route',
      status: 404,
      details: 'route_not_found',
    });
    const denied = await judge(from, 'PERMISSIVE', { headers }, authorization('{}'));
    expect(denied.decision).toMatchObject({ status: 403 });
  });

  it('answers 431 to a head above 60 KiB as written, and not at it', async () => {
    const web = caller('cluster.local/ns/shop/sa/web');
    const rest = 'GET  HTTP/1.1\r\nhost: cart.shop\r\n\r\n'.length;
    const longest = '/'.padEnd(60 * 1024 - rest, 'a');
    expect((await judge(web, 'STRICT', { path: longest })).decision.verdict).toBe('allow');
    const details = 'http1.headers_too_large';
    const body = 'Request Header Fields Too Large';
    for (const request of [{ path: `${longest}a` }, { path: longest, headers: [['x', '']] } as const]) {
      const { decision } = await judge(web, 'STRICT', request);
      expect(decision).toMatchObject({ status: 431, details, body });
    }
  });

  it('judges the normalized path, the authority of an absolute target, and the lower-case SNI', async () => {
    const { facts } = await judge(caller('old.example/ns/shop/sa/web'), 'STRICT', {
      path: 'http://other.example:81/a/../b?c',
    });
    expect(facts.http).toMatchObject({ path: '/b?c', host: 'other.example:81' });
    expect(facts.connection).toMatchObject({
      principal: 'old.example/ns/shop/sa/web',
      sni: 'cart.shop',
      mtls: true,
    });
  });

  it('sees an IPv4 address beside an IPv6 one as mapped', async () => {
    const from: CallingSide = { ip: 'fd00::5', tls: 'plaintext' };
    const yaml = authorization(
      'action: DENY\nrules: [{ when: [{ key: destination.ip, values: [10.0.1.20] }] }]',
    );
    expect((await judge(from, 'PERMISSIVE', {}, yaml)).decision.verdict).toBe('allow');
  });

  it('knows no principal of a plaintext caller', async () => {
    expect((await judge({ ip: '10.1.2.3', tls: 'plaintext' }, 'PERMISSIVE')).facts.connection).toMatchObject({
      principal: null,
      mtls: false,
    });
  });

  it('tells policies the scheme that the client said, and the connection’s where it said none', async () => {
    const yaml = authorization(
      'action: DENY\nrules: [{ when: [{ key: "request.headers[:scheme]", values: [https] }] }]',
    );
    const web = caller('cluster.local/ns/shop/sa/web');
    const verdicts = [{}, { path: 'http://cart.shop/' }, { protocol: 'http2' } as const].map(
      async (request) => (await judge(web, 'STRICT', request, yaml)).decision.verdict,
    );
    expect(await Promise.all(verdicts)).toEqual(['deny', 'allow', 'allow']);
  });

  it('finds no metadata of filters that Istio does not configure', async () => {
    const when = (field: string) =>
      authorization(
        `action: DENY\nrules: [{ when: [{ key: "experimental.envoy.filters.http.lua[x]", ${field}: [v] }] }]`,
      );
    const from: CallingSide = { ip: '10.1.2.3', tls: 'plaintext' };
    expect((await judge(from, 'PERMISSIVE', {}, when('values'))).decision.verdict).toBe('allow');
    expect((await judge(from, 'PERMISSIVE', {}, when('notValues'))).decision.verdict).toBe('deny');
  });
});
