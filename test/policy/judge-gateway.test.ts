/** Gateways from objects to verdict, through every module of policy/gateway. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readSuite } from '../../cli/read-suite.ts';
import type { PolicyObject } from '../../model/policy-object.ts';
import { compilePolicies } from '../../policy/compile.ts';
import { explain } from '../../policy/explain.ts';
import { readGatewayPort } from '../../policy/gateway/read-gateway.ts';
import { judgeAtGateway } from '../../policy/judge-gateway.ts';
import { judgeCase } from '../../policy/judge.ts';
import type { CallingSide } from '../../policy/judge-request.ts';
import { authorization, config, policies } from '../support/policies.ts';

const workload = { namespace: 'istio-system', labels: { istio: 'ingressgateway' } };
const ROUTE = [{ destination: { host: 'echo' } }];

function object(
  kind: string,
  name: string,
  spec: object,
  namespace = 'istio-system',
  created = '',
): PolicyObject {
  const metadata = {
    name,
    namespace,
    annotations: {},
    labels: {},
    ...(created ? { creationTimestamp: created } : {}),
  };
  const at = { file: 'gateway.yaml', line: 1, column: 1 };
  return { apiVersion: 'networking.istio.io/v1', kind, metadata, spec, at, positions: {} };
}
function gateway(...servers: object[]): PolicyObject {
  return object('Gateway', 'ingress', { selector: { istio: 'ingressgateway' }, servers });
}
function http(hosts: string[], more: object = {}) {
  return { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts, ...more };
}
function https(hosts: string[], mode: string, more: object = {}) {
  return { port: { number: 443, name: 'https', protocol: 'HTTPS' }, hosts, tls: { mode, ...more } };
}
function service(
  hosts: string[],
  routes: object[] = [{ route: ROUTE }],
  more: object = {},
  namespace = 'istio-system',
) {
  return object(
    'VirtualService',
    hosts.join('-'),
    { hosts, gateways: ['istio-system/ingress'], http: routes, ...more },
    namespace,
  );
}

interface Wanted {
  port?: number;
  tls?: CallingSide['tls'];
  method?: string;
  path?: string;
  host?: string;
  headers?: [string, string][];
  trustedProxies?: number;
  yaml?: string;
}

async function judged(objects: PolicyObject[], wanted: Wanted = {}) {
  const at = readGatewayPort(objects, workload, wanted.port ?? 80);
  if (typeof at === 'string') throw new Error(at);
  const target = { ...workload, serviceAccount: 'ingressgateway' };
  const policy = compilePolicies(
    policies(wanted.yaml ?? ''),
    target,
    { port: at.port, protocol: 'http' },
    config,
  );
  const from: CallingSide = { ip: '10.9.9.9', tls: wanted.tls ?? 'plaintext' };
  const request = {
    protocol: 'http1',
    method: wanted.method ?? 'GET',
    path: wanted.path ?? '/',
    host: wanted.host ?? 'shop.example.com',
    headers: wanted.headers ?? [],
  } as const;
  const mesh = {
    ...config,
    pathNormalization: 'BASE',
    numTrustedProxies: wanted.trustedProxies ?? 0,
  } as const;
  const result = await judgeAtGateway(
    from,
    { ip: '10.0.0.2', at, policyOf: () => policy },
    request,
    mesh,
    {},
  );
  return { ...result, explanation: explain(policy, result.facts, result.decision) };
}

function tls(sni: string | null, principal: string | null = null): CallingSide['tls'] {
  const certificate =
    principal === null ? ({ kind: 'none' } as const) : ({ kind: 'valid', principal } as const);
  return { alpn: ['http/1.1'], sni, certificate };
}

const OPEN = [gateway(http(['*'])), service(['*'])];

describe('a connection to a gateway', () => {
  const two = [
    gateway(https(['shop.example.com'], 'SIMPLE'), https(['*.api.example.com'], 'MUTUAL')),
    service(['*']),
  ];
  const any = [gateway(https(['*'], 'OPTIONAL_MUTUAL')), service(['*'])];

  it.each([
    ['at a port without a server', OPEN, { port: 81 }, 'filter_chain_not_found'],
    ['with TLS where HTTP is spoken', OPEN, { tls: tls('shop.example.com') }, 'http1.codec_error'],
    ['without TLS where it is asked for', two, { port: 443 }, 'filter_chain_not_found'],
    ['without TLS at a server of every name', any, { port: 443 }, 'tls: HTTP_REQUEST'],
    ['without a server name', two, { port: 443, tls: tls(null) }, 'filter_chain_not_found'],
    [
      'with a server name of nobody',
      two,
      { port: 443, tls: tls('api.example.com') },
      'filter_chain_not_found',
    ],
    [
      'without a certificate',
      two,
      { port: 443, tls: tls('v1.api.example.com') },
      'tls: PEER_DID_NOT_RETURN_A_CERTIFICATE',
    ],
  ])('is refused %s', async (_, objects, wanted, details) => {
    const { decision, explanation } = await judged(objects, wanted);
    expect(decision).toMatchObject({ verdict: 'deny', details });
    expect(decision).not.toHaveProperty('status');
    expect(explanation.sentence).not.toContain('undefined');
  });

  it('is refused with a certificate of another authority or name, unless none is looked at', async () => {
    const refused: CallingSide['tls'] = {
      alpn: [],
      sni: 'shop.example.com',
      certificate: { kind: 'refused' },
    };
    const details = 'tls: CERTIFICATE_VERIFY_FAILED';
    expect((await judged(any, { port: 443, tls: refused })).decision).toMatchObject({ details });
    expect((await judged(two, { port: 443, tls: refused })).decision.verdict).toBe('allow');
    const named = [
      gateway(https(['*'], 'MUTUAL', { subjectAltNames: ['spiffe://cluster.local/ns/shop/sa/admin'] })),
      service(['*']),
    ];
    const web = tls('a', 'cluster.local/ns/shop/sa/web');
    expect((await judged(named, { port: 443, tls: web })).decision).toMatchObject({ details });
    const admin = tls('a', 'cluster.local/ns/shop/sa/admin');
    expect((await judged(named, { port: 443, tls: admin })).decision.verdict).toBe('allow');
  });

  it('has a principal only where a certificate was verified', async () => {
    const web = tls('shop.example.com', 'cluster.local/ns/shop/sa/web');
    expect((await judged(two, { port: 443, tls: web })).facts.connection.principal).toBeNull();
    expect((await judged(any, { port: 443, tls: web })).facts.connection.principal).toBe(
      'cluster.local/ns/shop/sa/web',
    );
  });
});

describe('a route', () => {
  it('is looked for behind the server that the connection reached only', async () => {
    const objects = [
      gateway(https(['shop.example.com'], 'SIMPLE'), https(['v1.example.com'], 'SIMPLE')),
      service(['shop.example.com']),
      service(['v1.example.com']),
    ];
    const at = { port: 443, tls: tls('shop.example.com') };
    expect((await judged(objects, { ...at, host: 'v1.example.com' })).decision).toMatchObject({
      status: 404,
      details: 'route_not_found',
    });
    expect((await judged(objects, { ...at, host: 'SHOP.example.com:8443' })).decision.verdict).toBe('allow');
    expect((await judged(objects, { ...at, host: 'shop.example.com.' })).decision).toMatchObject({
      status: 404,
    });
  });

  it.each([
    ['a service of the mesh only', service(['*'], undefined, { gateways: ['mesh'] })],
    ['a service of another gateway', service(['*'], undefined, { gateways: ['other'] })],
    ['a service that the gateway does not see', service(['*'], undefined, { exportTo: ['.'] }, 'shop')],
    ['a service of other hosts', service(['cart.example.com'])],
    ['a match of another port', service(['*'], [{ match: [{ port: 81 }], route: ROUTE }])],
    ['a match of another gateway', service(['*'], [{ match: [{ gateways: ['mesh'] }], route: ROUTE }])],
    ['a match of other labels', service(['*'], [{ match: [{ sourceLabels: { a: 'b' } }], route: ROUTE }])],
    ['a match of another path', service(['*'], [{ match: [{ uri: { exact: '/a' } }], route: ROUTE }])],
    ['a match of another method', service(['*'], [{ match: [{ method: { exact: 'POST' } }], route: ROUTE }])],
    ['a match of a header', service(['*'], [{ match: [{ headers: { 'X-A': {} } }], route: ROUTE }])],
  ])('is not %s', async (_, one) => {
    expect((await judged([gateway(http(['shop.example.com'])), one])).decision).toMatchObject({
      status: 404,
    });
  });

  it('is open to the namespace that the server names', async () => {
    const server = gateway(http(['shop/shop.example.com']));
    expect((await judged([server, service(['*'])])).decision).toMatchObject({ status: 404 });
    expect((await judged([server, service(['*'], undefined, {}, 'shop')])).decision.verdict).toBe('allow');
    const own = gateway(http(['./shop.example.com']));
    expect((await judged([own, service(['*'], undefined, {}, 'shop')])).decision).toMatchObject({
      status: 404,
    });
  });

  it('that takes everything gives way to any other of its host', async () => {
    const admin = service(
      ['shop.example.com'],
      [{ match: [{ uri: { prefix: '/admin' } }], directResponse: { status: 418, body: { string: 'tea' } } }],
    );
    const rest = object(
      'VirtualService',
      'all',
      { hosts: ['shop.example.com'], gateways: ['ingress'], http: [{ route: ROUTE }] },
      'istio-system',
      '2020-01-01T00:00:00Z',
    );
    const objects = [gateway(http(['*'])), admin, rest];
    expect((await judged(objects, { path: '/admin' })).decision).toMatchObject({
      status: 418,
      body: 'tea',
      details: 'direct_response',
    });
    expect((await judged(objects, { path: '/a' })).decision.verdict).toBe('allow');
  });

  it('sees the normalized path and any value of a header', async () => {
    const route = {
      match: [
        {
          uri: { prefix: '/Admin' },
          ignoreUriCase: true,
          headers: { 'x-a': { exact: 'b' } },
          withoutHeaders: { 'x-c': { prefix: 'd' } },
        },
      ],
      route: ROUTE,
    };
    const objects = [gateway(http(['*'])), service(['*'], [route])];
    const headers: [string, string][] = [
      ['x-a', 'a'],
      ['x-a', 'b'],
      ['x-c', 'e'],
    ];
    expect((await judged(objects, { path: '/x/..;/%61DMIN', headers })).decision.verdict).toBe('allow');
    expect(
      (await judged(objects, { path: '/admin', headers: [...headers, ['x-c', 'df']] })).decision,
    ).toMatchObject({ status: 404 });
  });
});

describe('an answer of the gateway itself', () => {
  const redirecting = [
    gateway(http(['shop.example.com'], { tls: { httpsRedirect: true } })),
    service(['shop.example.com']),
  ];

  it('sends every plaintext request to https, also without routes, unless a trusted proxy says it was', async () => {
    const details = 'direct_response';
    for (const objects of [redirecting, redirecting.slice(0, 1)])
      expect((await judged(objects, { method: 'POST' })).decision).toMatchObject({ status: 301, details });
    const headers: [string, string][] = [['x-forwarded-proto', 'https']];
    expect((await judged(redirecting, { headers })).decision).toMatchObject({ status: 301 });
    expect((await judged(redirecting, { headers, trustedProxies: 1 })).decision.verdict).toBe('allow');
  });

  it('comes after the policies', async () => {
    const yaml = authorization('rules: []', 'nobody', 'istio-system');
    expect((await judged(redirecting, { yaml })).decision).toMatchObject({ status: 403, phase: 'allow' });
    expect((await judged([gateway(http(['*']))], { yaml })).decision).toMatchObject({ status: 403 });
  });

  it('is given to a CORS preflight of an allowed origin; others are handed on', async () => {
    const corsPolicy = { allowOrigins: [{ exact: 'https://a.example' }] };
    const objects = (policy: object) => [
      gateway(http(['*'])),
      service(['*'], [{ corsPolicy: policy, route: ROUTE }]),
    ];
    const preflight = (origin: string) => ({
      method: 'OPTIONS',
      headers: [
        ['origin', origin],
        ['access-control-request-method', 'FOO'],
      ] as [string, string][],
    });
    const details = 'cors_response';
    expect((await judged(objects(corsPolicy), preflight('https://a.example'))).decision).toMatchObject({
      status: 200,
      details,
    });
    expect((await judged(objects(corsPolicy), preflight('https://evil.example'))).decision.verdict).toBe(
      'allow',
    );
    const ignoring = { ...corsPolicy, unmatchedPreflights: 'IGNORE' };
    expect((await judged(objects(ignoring), preflight('https://evil.example'))).decision).toMatchObject({
      details,
    });
  });

  it('is explained after the policies', async () => {
    const { explanation } = await judged([gateway(http(['*']))]);
    expect(explanation.sentence).toBe(
      'Policies let it pass, and the server that its connection reached has no routes for host shop.example.com: 404.',
    );
    expect(explanation.trail.map(({ phase }) => phase)).toEqual(['mtls', 'jwt', 'deny', 'allow', 'route']);
  });
});

describe('readGatewayPort', () => {
  it.each([
    ['a server that joins clusters', [gateway(https(['*'], 'AUTO_PASSTHROUGH'))]],
    [
      'an HTTPS server without tls',
      [gateway({ ...http(['*']), port: { number: 443, name: 'p', protocol: 'HTTPS' } })],
    ],
    ['a MONGO server', [gateway({ ...http(['*']), port: { number: 443, name: 'm', protocol: 'MONGO' } })]],
    [
      'an expression that it can’t match',
      [
        gateway(https(['*'], 'SIMPLE')),
        service(['*'], [{ match: [{ uri: { regex: '(?=a)' } }], route: ROUTE }]),
      ],
    ],
  ])('names what it does not judge: %s', (_, objects) => {
    expect(typeof readGatewayPort(objects, workload, 443)).toBe('string');
  });

  it('leaves out the gateways of other pods', () => {
    const other = object('Gateway', 'egress', {
      selector: { istio: 'egressgateway' },
      servers: [http(['*'])],
    });
    expect(readGatewayPort([other], workload, 80)).toMatchObject({ http: [], https: [] });
  });
});

describe('the recorded connections of a gateway whose bytes nobody reads', () => {
  it.each(['gateway-bytes', 'gateway-http-beside-bytes', 'gateway-http-at-bytes'])(
    'are judged as Istio on Envoy did: %s',
    async (name) => {
      const suite = await readSuite(fileURLToPath(new URL(`gateway/${name}.suite.json`, import.meta.url)));
      expect(suite.cases.length).toBeGreaterThan(1);
      const told = await Promise.all(suite.cases.map((one) => judgeCase(suite.world, one, {})));
      expect(told.flatMap(({ id, differences }) => differences.map((line) => `${id} ${line}`))).toEqual([]);
    },
  );
});

describe('the recorded routes of a gateway', () => {
  it('are judged as Istio on Envoy did: rewrites, expressions, redirects, faults, delegates, CORS', async () => {
    const file = fileURLToPath(new URL('gateway/gateway-routes.suite.json', import.meta.url));
    const suite = await readSuite(file);
    expect(suite.cases.length).toBeGreaterThan(40);
    const told = await Promise.all(suite.cases.map((one) => judgeCase(suite.world, one, {})));
    expect(told.flatMap(({ id, differences }) => differences.map((line) => `${id} ${line}`))).toEqual([]);
  });
});
