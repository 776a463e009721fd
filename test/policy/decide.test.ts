import { describe, expect, it } from 'vitest';
import { decide } from '../../policy/decide.ts';
import { authorization, compiled, request, verdict } from '../support/policies.ts';

const ALLOW_ORDERS = authorization(
  'rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/orders] } }] }]',
);

function denyTo(operation: string): string {
  return authorization(`action: DENY\nrules: [{ to: [{ operation: ${operation} }] }]`);
}
function denyFrom(source: string): string {
  return authorization(`action: DENY\nrules: [{ from: [{ source: ${source} }] }]`);
}
function denyWhen(condition: string): string {
  return authorization(`action: DENY\nrules: [{ when: [${condition}] }]`);
}

describe('the answer of a denial', () => {
  it('is Envoy’s 403 over HTTP', () => {
    expect(decide(compiled(ALLOW_ORDERS), request())).toEqual({
      verdict: 'deny',
      phase: 'allow',
      reason: 'no-allow-matched',
      matched: null,
      status: 403,
      body: 'RBAC: access denied',
      details: 'rbac_access_denied_matched_policy[none]',
    });
  });

  it('is HTTP 200 over gRPC', () => {
    expect(decide(compiled(ALLOW_ORDERS), request({ protocol: 'grpc' }))).toMatchObject({
      verdict: 'deny',
      status: 200,
    });
  });

  it('has no status over TCP', () => {
    expect(decide(compiled(ALLOW_ORDERS, 'tcp'), request({ protocol: 'tcp' })).status).toBeUndefined();
  });

  it('names the first rule by the order of its text: rule[10] before rule[2], istio-system before shop', () => {
    const rules = Array.from({ length: 11 }, (_, index) =>
      index === 2 || index === 10 ? '{}' : '{ to: [{ operation: { paths: [/x] } }] }',
    );
    const many = authorization(`action: DENY\nrules: [${rules.join(', ')}]`, 'many');
    expect(decide(compiled(many), request()).details).toBe(
      'rbac_access_denied_matched_policy[ns[shop]-policy[many]-rule[10]]',
    );
    const root = authorization('action: DENY\nrules: [{}]', 'z', 'istio-system');
    expect(decide(compiled(many + root), request()).details).toContain('ns[istio-system]-policy[z]-rule[0]');
  });
});

describe('what can not be judged yet', () => {
  it.each([
    ['filter metadata', denyWhen('{ key: "experimental.envoy.filters.http.rbac[c]", values: [x] }')],
    [
      'CUSTOM',
      authorization(
        'action: CUSTOM\nprovider: { name: x }\nrules: [{ to: [{ operation: { paths: [/x] } }] }]',
      ),
    ],
  ])('denies everything: %s', (_, yaml) => {
    const policy = compiled(yaml);
    expect(policy.invalid?.map((problem) => problem.code)).toEqual(['not-supported-yet']);
    expect(policy.invalid?.[0]?.at?.line).toBeGreaterThan(1);
    expect(decide(policy, request())).toMatchObject({
      verdict: 'deny',
      reason: 'policy-invalid',
      status: 403,
    });
  });

  it('denies nothing where it is only audited or a dry run', () => {
    const audit = authorization(
      'action: AUDIT\nrules: [{ when: [{ key: "experimental.envoy.filters.http.rbac[c]", values: [x] }] }]',
    );
    const policy = compiled(audit);
    expect(policy.invalid).toBeNull();
    expect(policy.notices).toMatchObject([{ code: 'not-supported-yet', severity: 'warning' }]);
  });
});

describe('which policies decide', () => {
  it('lets everything in without a policy', () => {
    expect(decide(compiled(''), request())).toMatchObject({
      verdict: 'allow',
      phase: 'default',
      reason: 'no-policy',
    });
  });

  it.each(['{}', 'rules: []'])('lets nothing in with %s', (spec) => {
    expect(verdict(authorization(spec))).toBe('deny');
  });

  it.each(['rules: [{}]', 'rules: [null]', 'rules: [{ from: [] }]'])('lets everything in with %s', (spec) => {
    expect(verdict(authorization(spec))).toBe('allow');
  });

  it('asks DENY before ALLOW', () => {
    expect(verdict(authorization('rules: [{}]') + authorization('action: DENY\nrules: [{}]', 'd'))).toBe(
      'deny',
    );
  });

  it('never denies by AUDIT, and is left open by a dry-run ALLOW alone', () => {
    expect(verdict(authorization('action: AUDIT\nrules: [{}]'))).toBe('allow');
    const dry = authorization('{}').replace(
      'namespace: shop }',
      'namespace: shop, annotations: { istio.io/dry-run: "true" } }',
    );
    expect(verdict(dry)).toBe('allow');
  });

  it('ignores other namespaces, other workloads, and targetRefs at a sidecar', () => {
    expect(verdict(authorization('{}', 'p', 'billing'))).toBe('allow');
    expect(verdict(authorization('selector: { matchLabels: { app: web } }'))).toBe('allow');
    expect(
      verdict(authorization('targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: g }]')),
    ).toBe('allow');
  });

  it('obeys the root namespace', () => {
    expect(verdict(authorization('{}', 'p', 'istio-system'))).toBe('deny');
  });
});

describe('identities', () => {
  it.each([
    ['{ principals: [spiffe://cluster.local/ns/shop/sa/web] }', 'allow'],
    ['{ principals: [CLUSTER.LOCAL/ns/shop/sa/web] }', 'allow'],
    ['{ principals: [cluster.local/ns/shop/sa/web] }', 'deny'],
    ['{ principals: ["*/sa/web"] }', 'deny'],
    ['{ principals: [cluster.local/ns/shop*] }', 'deny'],
    ['{ principals: [cluster.local/*/sa/web] }', 'allow'],
    ['{ namespaces: [SHOP] }', 'allow'],
    ['{ namespaces: ["s*p"] }', 'deny'],
    ['{ serviceAccounts: [web] }', 'deny'],
    ['{ serviceAccounts: [billing/web] }', 'allow'],
    ['{ trustDomains: ["*local"] }', 'deny'],
    ['{ trustDomains: [local] }', 'allow'],
  ])('DENY source %s → %s', (source, wanted) => {
    expect(verdict(denyFrom(source))).toBe(wanted);
  });

  it.each(['principals', 'namespaces', 'trustDomains'])(
    '%s never matches plaintext, its negation does',
    (field) => {
      const not = `not${field[0]?.toUpperCase()}${field.slice(1)}`;
      expect(verdict(denyFrom(`{ ${field}: ["*"] }`), { principal: null })).toBe('allow');
      expect(verdict(denyFrom(`{ ${not}: ["*"] }`), { principal: null })).toBe('deny');
    },
  );

  it('finds namespaces and service accounts anywhere in a longer identity', () => {
    expect(
      verdict(denyFrom('{ namespaces: [shop] }'), { principal: 'cluster.local/foo/ns/shop/sa/web' }),
    ).toBe('deny');
    for (const principal of ['cluster.local/ns/shop/x/y/sa/web', 'cluster.local/ns/shop/sa/web/pod/1']) {
      expect(verdict(denyFrom('{ serviceAccounts: [web] }'), { principal })).toBe('deny');
    }
    expect(
      verdict(denyFrom('{ serviceAccounts: [web] }'), { principal: 'cluster.local/ns/shop/sa/web-v2' }),
    ).toBe('allow');
  });

  it('reads cluster.local in principals as the mesh’s own domain, in trustDomains as itself', () => {
    const old = { trustDomain: 'old.example' };
    const principal = 'old.example/ns/shop/sa/web';
    expect(verdict(denyFrom('{ principals: [cluster.local/ns/shop/sa/web] }'), { principal }, old)).toBe(
      'deny',
    );
    expect(verdict(denyFrom('{ trustDomains: [cluster.local] }'), { principal }, old)).toBe('allow');
  });

  it('expands aliases only in principals of five parts', () => {
    const aliases = { trustDomainAliases: ['old.example'] };
    const principal = 'old.example/ns/shop/sa/web';
    expect(verdict(denyFrom('{ principals: [cluster.local/ns/shop/sa/web] }'), { principal }, aliases)).toBe(
      'deny',
    );
    expect(verdict(denyFrom('{ principals: [cluster.local/ns/shop*] }'), { principal }, aliases)).toBe(
      'allow',
    );
    expect(verdict(denyFrom('{ trustDomains: [cluster.local] }'), { principal }, aliases)).toBe('deny');
  });

  it('needs an SNI for connection.sni: *', () => {
    const any = denyWhen('{ key: connection.sni, values: ["*"] }');
    expect(verdict(any)).toBe('allow');
    expect(verdict(any, { sni: 'cart' })).toBe('deny');
  });
});

describe('operations', () => {
  it.each([
    ['{ paths: [/admin] }', '/admin/', 'allow'],
    ['{ paths: [/admin] }', '/ADMIN', 'allow'],
    ['{ paths: [/admin] }', '/admin?x=1', 'deny'],
    ['{ paths: ["/a?x=1"] }', '/a?x=1', 'allow'],
    ['{ paths: ["/admin/*"] }', '/admin', 'allow'],
    ['{ paths: ["*/info"] }', '/x/info', 'deny'],
    ['{ paths: ["/api/*/items"] }', '/api/a/items', 'allow'],
    ['{ paths: ["/api/*/items"] }', '/api/*/items', 'deny'],
    ['{ paths: ["/api/{*}/items"] }', '/api//items', 'allow'],
    ['{ paths: ["/api/{*}/items"] }', '/api/a%2Fb/items', 'deny'],
    ['{ paths: ["/api/{*}/items"] }', '/api/a;x=1/items', 'deny'],
    ['{ paths: ["/api/{*}/items"] }', '/api/a/items/', 'allow'],
    ['{ paths: ["/files/{**}"] }', '/files', 'allow'],
    ['{ paths: ["/files/{**}"] }', '/files/', 'deny'],
    ['{ paths: ["/files/{**}"] }', '/files//a', 'deny'],
    ['{ paths: ["/{**}"] }', '//', 'deny'],
    ['{ methods: [get] }', '/', 'allow'],
    ['{ methods: ["G*"] }', '/', 'deny'],
    ['{ methods: ["*"] }', '/', 'deny'],
    ['{ ports: ["80"] }', '/', 'allow'],
    ['{ ports: ["8080"] }', '/', 'deny'],
  ])('DENY %s on %s → %s', (operation, path, wanted) => {
    expect(verdict(denyTo(operation), { path })).toBe(wanted);
  });

  it.each([
    ['cart.shop', 'deny'],
    ['CART.shop', 'deny'],
    ['cart.shop:8080', 'allow'],
    ['cart.shop.', 'allow'],
    ['user@cart.shop', 'allow'],
    ['cart.shop,x', 'allow'],
  ])('DENY hosts cart.shop on %s → %s', (host, wanted) => {
    expect(verdict(denyTo('{ hosts: [cart.shop] }'), { host })).toBe(wanted);
  });
});

describe('headers', () => {
  const admin = denyWhen('{ key: "request.headers[X-Role]", values: [admin] }');

  it('matches a header sent twice value by value, never joined', () => {
    const headers: [string, string][] = [
      ['x-role', 'user'],
      ['x-role', 'admin'],
    ];
    expect(verdict(admin, { headers })).toBe('deny');
    expect(verdict(denyWhen('{ key: "request.headers[x-role]", values: ["user,admin"] }'), { headers })).toBe(
      'allow',
    );
    expect(verdict(admin, { headers: [['x-role', 'user, admin']] })).toBe('allow');
  });

  it('takes * for present, even empty', () => {
    const any = denyWhen('{ key: "request.headers[x-role]", values: ["*"] }');
    expect(verdict(any)).toBe('allow');
    expect(verdict(any, { headers: [['x-role', '']] })).toBe('deny');
  });

  it('matches notValues when the header is absent', () => {
    expect(verdict(denyWhen('{ key: "request.headers[x-role]", notValues: [admin] }'))).toBe('deny');
  });

  it('reads host as :authority, with case, and :path with its query', () => {
    expect(verdict(denyWhen('{ key: "request.headers[host]", values: [CART.shop] }'))).toBe('allow');
    expect(verdict(denyWhen('{ key: "request.headers[host]", values: [cart.shop] }'))).toBe('deny');
    expect(
      verdict(denyWhen('{ key: "request.headers[:path]", values: [/admin] }'), { path: '/admin?q=1' }),
    ).toBe('allow');
  });
});

describe('addresses', () => {
  it('ipBlocks is the peer, remoteIpBlocks the last X-Forwarded-For', () => {
    const headers: [string, string][] = [['x-forwarded-for', '1.1.1.1, 10.7.7.7']];
    expect(verdict(denyFrom('{ ipBlocks: [10.7.0.0/16] }'), { headers })).toBe('allow');
    expect(verdict(denyFrom('{ remoteIpBlocks: [10.7.0.0/16] }'), { headers })).toBe('deny');
  });

  it('does not match IPv4-mapped IPv6 with IPv4', () => {
    expect(verdict(denyFrom('{ ipBlocks: ["::ffff:10.1.2.3"] }'))).toBe('allow');
  });
});

describe('HTTP fields at a TCP port', () => {
  const tcp = { protocol: 'tcp' } as const;

  it('drop the whole ALLOW rule, its L4 alternatives too', () => {
    const yaml = authorization(
      'rules: [{ to: [{ operation: { paths: [/x] } }, { operation: { ports: ["8080"] } }] }]',
    );
    expect(verdict(yaml, tcp)).toBe('deny');
  });

  it.each(['{ paths: [/x] }', '{ notPaths: [/x] }', '{ methods: [GET] }'])(
    'drop out of a DENY: %s denies the port',
    (operation) => {
      expect(verdict(denyTo(operation), tcp)).toBe('deny');
    },
  );

  it('drop out of one operation beside another of an other port: all is denied', () => {
    const yaml = authorization(
      'action: DENY\nrules: [{ to: [{ operation: { paths: [/x] } }, { operation: { ports: ["1"] } }] }]',
    );
    expect(verdict(yaml, tcp)).toBe('deny');
  });

  it('drop token conditions of a DENY as well', () => {
    expect(verdict(denyWhen('{ key: "request.auth.claims[iss]", values: [x] }'), tcp)).toBe('deny');
  });

  it('are told', () => {
    expect(compiled(denyTo('{ paths: [/x] }'), 'tcp').notices).toMatchObject([
      { code: 'http-field-on-tcp', severity: 'warning' },
    ]);
  });
});
