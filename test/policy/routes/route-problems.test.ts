/** What a rehearsal can't do as the cluster does is refused, at its place. */
import { describe, expect, it } from 'vitest';
import { routeProblems } from '../../../policy/routes/route-problems.ts';
import { object, objects } from '../../support/routing.ts';

/** Each problem as `code message @ what stands at its place`. */
function problems(kind: string, spec: object): string[] {
  const text = object(kind, spec);
  return routeProblems(objects(text)).map(({ code, severity, message, at }) => {
    expect([severity, at?.file, at?.line]).toEqual(['error', 'policies.yaml', 1]);
    return `${code} ${message} @ ${text.slice((at?.column ?? 0) - 1)}`;
  });
}

/** The first part of what is told, and the text from the place on. */
function expectOne(found: string[], told: string, place: object | string): void {
  expect(found.length).toBe(1);
  const [before = '', after = ''] = (found[0] ?? '').split(' @ ');
  expect(before).toBe(told);
  const wanted = typeof place === 'string' ? place : JSON.stringify(place);
  expect(after.slice(0, wanted.length)).toBe(wanted);
}

const DESTINATION = { destination: { host: 'ratings' } };
const http = (route: object) => ({ hosts: ['reviews'], http: [{ route: [DESTINATION], ...route }] });

describe('a VirtualService', () => {
  const bad = { regex: 'a(' };
  const told = "invalid-value the expression a( can't be matched: missing closing )";

  it('may ask for everything that is rehearsed', () => {
    expect(
      problems(
        'VirtualService',
        http({
          match: [
            {
              uri: { regex: '/a.*' },
              method: { regex: 'G.T' },
              headers: { x: { regex: '*' }, y: {}, z: { exact: '(' } },
              withoutHeaders: { x: { prefix: '(' } },
              queryParams: { q: { regex: 'a|b' } },
            },
          ],
          rewrite: { uriRegexRewrite: { match: 'a', rewrite: '(' } },
          corsPolicy: { allowOrigins: [{ regex: '.*' }] },
          fault: { delay: { fixedDelay: '1s', percentage: { value: 1 } } },
          headers: { request: { set: { x: '%REQ(y)%' }, remove: ['%'] }, response: { add: { x: '%%' } } },
        }),
      ),
    ).toEqual([]);
  });

  it.each(['uri', 'method', 'authority', 'scheme'])(
    'is refused an expression of %s that can’t be read',
    (field) => {
      const found = problems('VirtualService', http({ match: [{}, { [field]: bad }] }));
      expectOne(found, told, `"${field}":${JSON.stringify(bad)}`);
    },
  );

  it.each(['headers', 'withoutHeaders', 'queryParams'])('is refused one in %s', (field) => {
    const found = problems(
      'VirtualService',
      http({ match: [{ [field]: { good: { regex: 'a' }, x: bad } }] }),
    );
    expectOne(found, told, `"x":${JSON.stringify(bad)}`);
  });

  it('is refused one of a rewrite, and of CORS', () => {
    expectOne(
      problems('VirtualService', http({ rewrite: { uriRegexRewrite: { match: 'a(', rewrite: 'b' } } })),
      told,
      '"match":"a("',
    );
    expectOne(
      problems('VirtualService', http({ corsPolicy: { allowOrigins: [{ exact: '(' }, bad] } })),
      told,
      bad,
    );
  });

  it('is refused claims of tokens, which only gateways have', () => {
    expectOne(
      problems(
        'VirtualService',
        http({ match: [{ headers: { '@request.auth.claims.group': { exact: 'a' } } }] }),
      ),
      'not-supported-yet matching on claims of a token works at gateways only, and is not read in this version',
      '"@request.auth.claims.group"',
    );
  });

  it('is refused delays that do nothing', () => {
    expectOne(
      problems('VirtualService', http({ fault: { delay: { exponentialDelay: '1s' } } })),
      'not-supported-yet exponentialDelay does nothing in Istio: write fixedDelay',
      '"exponentialDelay"',
    );
  });

  it.each([
    ['request', 'set'],
    ['request', 'add'],
    ['response', 'set'],
    ['response', 'add'],
  ])(
    'is refused commands that aren’t known in what a %s’s headers are %s to, of a route and of a destination',
    (side, verb) => {
      const headers = { [side]: { [verb]: { good: '%PROTOCOL%', x: 'a%UPSTREAM_HOST%' } } };
      const wanted = "not-supported-yet %UPSTREAM_HOST% in a header's value is not supported in this version";
      expectOne(problems('VirtualService', http({ headers })), wanted, '"x":');
      expectOne(
        problems('VirtualService', http({ route: [DESTINATION, { ...DESTINATION, weight: 1, headers }] })),
        wanted,
        '"x":',
      );
    },
  );
});

describe('a DestinationRule', () => {
  const places: [string, (settings: object) => object][] = [
    ['the service', (settings) => ({ trafficPolicy: settings })],
    [
      'a port',
      (settings) => ({ trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, ...settings }] } }),
    ],
    ['a subset', (settings) => ({ subsets: [{ name: 'v1' }, { name: 'v2', trafficPolicy: settings }] })],
    [
      'a subset’s port',
      (settings) => ({
        subsets: [
          { name: 'v1', trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, ...settings }] } },
        ],
      }),
    ],
  ];
  const found = (spec: object) => problems('DestinationRule', { host: 'reviews', ...spec });

  it.each(places)('is refused lists of revoked certificates for %s', (_, at) => {
    expectOne(
      found(at({ tls: { mode: 'SIMPLE', caCrl: '/crl' } })),
      'not-supported-yet lists of revoked certificates are not read in this version',
      '"caCrl"',
    );
  });

  it.each(places)('is refused the client’s protocol for %s', (_, at) => {
    expectOne(
      found(at({ connectionPool: { http: { useClientProtocol: true } } })),
      'not-supported-yet useClientProtocol is not supported in this version',
      '"useClientProtocol"',
    );
    expect(found(at({ connectionPool: { http: { useClientProtocol: false } } }))).toEqual([]);
  });

  it('may ask for the rest', () => {
    const files = { clientCertificate: '/a', privateKey: '/b', caCertificates: '/c' };
    for (const tls of [
      { mode: 'SIMPLE', sni: 'a' },
      { mode: 'SIMPLE', credentialName: 'a' },
      { mode: 'MUTUAL', ...files },
    ])
      for (const [, at] of places)
        expect(found(at({ tls, connectionPool: { tcp: { maxConnections: 1 } } }))).toEqual([]);
    expect(found({})).toEqual([]);
  });
});

describe('a ServiceEntry', () => {
  const entry = { hosts: ['a.example'], ports: [{ number: 80, name: 'http', protocol: 'HTTP' }] };

  it('may select workloads, and is refused names that are looked up anew', () => {
    const selects = { ...entry, resolution: 'STATIC', workloadSelector: { labels: { a: 'b' } } };
    expect(problems('ServiceEntry', selects)).toEqual([]);
    expectOne(
      problems('ServiceEntry', { ...entry, resolution: 'DYNAMIC_DNS' }),
      'not-supported-yet resolution DYNAMIC_DNS is not supported in this version',
      '"resolution"',
    );
    expect(problems('ServiceEntry', { ...entry, resolution: 'DNS' })).toEqual([]);
  });
});

describe('a Sidecar', () => {
  const egress = (more: object) => ({ egress: [{ hosts: ['*/*'] }, { hosts: ['./*'], ...more }] });

  it('is refused listeners of its own, and a proxy on the way out', () => {
    expectOne(
      problems('Sidecar', { ingress: [{ port: { number: 80, protocol: 'HTTP', name: 'h' } }] }),
      'not-supported-yet a Sidecar’s ingress listeners are not made in this version',
      '"ingress"',
    );
    expectOne(
      problems('Sidecar', { outboundTrafficPolicy: { mode: 'ALLOW_ANY', egressProxy: { host: 'a' } } }),
      'not-supported-yet an egressProxy is not supported in this version',
      '"egressProxy"',
    );
    const port = { port: { number: 80, protocol: 'HTTP', name: 'h' } };
    for (const own of [
      { ...port, bind: '127.0.0.1' },
      { ...port, captureMode: 'NONE' },
    ])
      expectOne(
        problems('Sidecar', egress(own)),
        'not-supported-yet egress listeners of one’s own address or without capture are not made in this version',
        '{"hosts":["./*"]',
      );
    for (const fine of [{}, { captureMode: 'IPTABLES' }, { captureMode: 'DEFAULT' }])
      expect(problems('Sidecar', egress(fine))).toEqual([]);
    expect(problems('Sidecar', { outboundTrafficPolicy: { mode: 'ALLOW_ANY' } })).toEqual([]);
  });
});

describe('a route of the Gateway API', () => {
  const parent = { group: '', kind: 'Service', name: 'reviews' };
  const http = (more: object) => ({ parentRefs: [parent], rules: [{}, more] });

  it('is served at Services, ServiceEntries and Gateways only', () => {
    const entry = { group: 'networking.istio.io', kind: 'ServiceEntry', name: 'a' };
    const set = { kind: 'ListenerSet', name: 'edge' };
    for (const kind of ['HTTPRoute', 'GRPCRoute']) {
      expect(problems(kind, { parentRefs: [parent, entry, { name: 'edge' }], rules: [] })).toEqual([]);
      expectOne(
        problems(kind, { parentRefs: [parent, set] }),
        'not-supported-yet routes of a ListenerSet are not served in this version: only those of a Service or Gateway',
        set,
      );
    }
  });

  it('of bytes is served at Gateways only, and has one rule', () => {
    const rule = { backendRefs: [{ name: 'a', port: 1 }] };
    expect(problems('TLSRoute', { parentRefs: [{ name: 'edge' }], rules: [rule] })).toEqual([]);
    expectOne(
      problems('TLSRoute', { parentRefs: [parent], rules: [rule] }),
      'not-supported-yet routes of bytes of a Service are not served in this version',
      parent,
    );
    const second = { name: 'b', ...rule };
    expectOne(
      problems('TLSRoute', { parentRefs: [{ name: 'edge' }], rules: [rule, second] }),
      'not-supported-yet a route of bytes has one rule that is followed',
      second,
    );
  });

  it('is refused filters that aren’t known', () => {
    const known = [
      'RequestHeaderModifier',
      'ResponseHeaderModifier',
      'RequestRedirect',
      'RequestMirror',
      'URLRewrite',
    ];
    const filters = [...known.map((type) => ({ type })), { type: 'CORS' }];
    for (const kind of ['HTTPRoute', 'GRPCRoute'])
      expectOne(
        problems(kind, http({ filters })),
        'not-supported-yet filter CORS is not supported in this version',
        { type: 'CORS' },
      );
  });

  it('is refused expressions that can’t be read', () => {
    const told = "invalid-value the expression a( can't be matched: missing closing )";
    const bad = { type: 'RegularExpression', value: 'a(' };
    expectOne(problems('HTTPRoute', http({ matches: [{}, { path: bad }] })), told, '"value":"a("');
    for (const field of ['headers', 'queryParams']) {
      const match = {
        [field]: [
          { name: 'x', value: '(' },
          { name: 'y', ...bad },
        ],
      };
      expectOne(problems('HTTPRoute', http({ matches: [{}, match] })), told, match);
    }
    for (const type of ['Exact', 'PathPrefix'])
      expect(problems('HTTPRoute', http({ matches: [{ path: { type, value: '/a(' } }] }))).toEqual([]);
    expect(
      problems('HTTPRoute', http({ matches: [{ path: { type: 'RegularExpression', value: '/a.*' } }] })),
    ).toEqual([]);
  });
});
