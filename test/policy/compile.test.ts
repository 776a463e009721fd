import { describe, expect, it } from 'vitest';
import { compilePolicies } from '../../policy/compile.ts';
import { decide } from '../../policy/decide.ts';
import { authorization, cart, compiled, config, policies, request } from '../support/policies.ts';

/** What is wrong with a rule that no schema has looked at. */
function invalidOf(rule: unknown) {
  const [object] = policies(authorization('rules: [{}]'));
  if (!object) throw new Error('no object');
  const unchecked = { ...object, spec: { rules: [rule] } };
  return compilePolicies([unchecked], cart, { port: 8080, protocol: 'http' }, config).invalid;
}

describe('compilePolicies', () => {
  it('refuses a field, a key and a value that Istio does not know, and then denies', () => {
    expect(invalidOf({ from: [{ source: { principal: ['x'] } }] })).toMatchObject([
      { code: 'unknown-field' },
    ]);
    expect(invalidOf({ when: [{ key: 'request.cookies[x]', values: ['x'] }] })).toMatchObject([
      { code: 'unknown-field' },
    ]);
    expect(
      invalidOf({ when: [{ key: 'experimental.envoy.filters.http.rbac[y]', values: ['x'] }] }),
    ).toMatchObject([{ code: 'not-supported-yet' }]);
    expect(invalidOf({ from: [{ source: { ipBlocks: ['10.0.0'] } }] })).toMatchObject([
      { code: 'invalid-value' },
    ]);
    expect(invalidOf({ to: [{ operation: { paths: ['/a{*}b'] } }] })).toMatchObject([
      { code: 'invalid-value' },
    ]);
  });

  it('keeps field, values as written and place of every clause, negated or not', () => {
    const policy = compiled(
      authorization(`rules:
  - from:
    - source:
        principals: [cluster.local/ns/shop/sa/web]
        notNamespaces: [ops]
    to:
    - operation: { methods: [GET] }
    - operation: { methods: [PUT] }
    when:
    - key: request.headers[X-Role]
      notValues: [guest]`),
      'http',
      { trustDomainAliases: ['old.example'] },
    );
    const [rule] = policy.allow.rules;
    const clauses = [...(rule?.from.flat() ?? []), ...(rule?.to.flat() ?? []), ...(rule?.when ?? [])];
    expect(clauses.map(({ field, negated, wanted, at }) => [field, negated, wanted, at.line])).toEqual([
      ['from.source.principals', false, ['cluster.local/ns/shop/sa/web'], 9],
      ['from.source.notNamespaces', true, ['ops'], 10],
      ['to[0].operation.methods', false, ['GET'], 12],
      ['to[1].operation.methods', false, ['PUT'], 13],
      ['when[request.headers[X-Role]]', true, ['guest'], 16],
    ]);
    expect(clauses[0]?.values).toHaveLength(2);
  });

  it('makes plain JSON: it crosses threads', () => {
    const policy = compiled(
      authorization(
        'rules: [{ from: [{ source: { ipBlocks: [10.0.0.0/8] } }], to: [{ operation: { paths: ["/a/{*}"] } }] }]',
      ),
    );
    expect(JSON.parse(JSON.stringify(policy))).toEqual(policy);
  });

  it('says of each mistake what, where, and what it leads to', () => {
    const hint = 'everything this policy could have applied to is denied';
    expect(invalidOf({ from: [{ source: { principal: ['x'] } }] })).toMatchObject([
      { severity: 'error', message: 'from.source.principal is no field of an AuthorizationPolicy', hint },
    ]);
    expect(invalidOf({ to: [{ operation: {} }, { operation: { ports: ['80', 'x', '-'] } }] })).toMatchObject([
      { message: 'to[1].operation.ports: "x" is not a value of it', hint },
      { message: 'to[1].operation.ports: "-" is not a value of it' },
    ]);
    expect(
      invalidOf({ from: [{ source: {} }, { source: { ipBlocks: ['x'] } }] })?.map(({ message }) => message),
    ).toEqual(['from[1].source.ipBlocks: "x" is not a value of it']);
    const when = { key: 'experimental.envoy.filters.http.rbac[y]', values: ['x'], notValues: [] };
    expect(invalidOf({ when: [when] })).toMatchObject([
      { message: "when[experimental.envoy.filters.http.rbac[y]] isn't judged yet", hint },
    ]);
  });

  it.each([
    ['ALLOW', 'it lets nobody in', 'the whole rule'],
    ['DENY', 'it denies more than it says', 'the field'],
  ])('at a TCP port warns of what Istio makes of HTTP fields in %s', (action, effect, dropped) => {
    const yaml = authorization(
      `action: ${action}\nrules: [{ to: [{ operation: { paths: [/x], methods: [GET], ports: ["5432"] } }] }]`,
    );
    for (const protocol of ['tcp', 'tls']) {
      const policy = compiled(yaml, protocol);
      expect(policy.protocol).toBe('tcp');
      expect(policy.invalid).toBeNull();
      expect(policy.notices).toMatchObject(
        ['methods', 'paths'].map((field) => ({
          code: 'http-field-on-tcp',
          severity: 'warning',
          message: `to.operation.${field} exists on HTTP only: at a TCP port Istio drops ${dropped}, so ${effect}`,
        })),
      );
    }
  });

  it('takes any port that is neither TCP nor TLS for HTTP', () => {
    for (const protocol of ['http', 'http2', 'grpc', 'https', ''])
      expect(compiled(authorization('rules: [{}]'), protocol).protocol).toBe('http');
  });

  it('orders rules as Envoy does, by the bytes of their names, and names the policies as written', () => {
    const yaml = [
      authorization('rules: [{}]', 'b'),
      authorization(`rules: [${Array.from({ length: 11 }, () => '{}').join(', ')}]`, 'a'),
    ].join('');
    const { allow } = compiled(yaml);
    expect(allow.rules.map(({ ref }) => `${ref.name}${ref.rule}`).join(' ')).toBe(
      'a0 a10 a1 a2 a3 a4 a5 a6 a7 a8 a9 b0',
    );
    expect(allow.policies).toMatchObject([
      { kind: 'AuthorizationPolicy', namespace: 'shop', name: 'b', action: 'ALLOW', rule: null },
      { name: 'a' },
    ]);
  });

  it('takes CUSTOM at a TCP port, and nothing in where providers aren’t read', () => {
    const [custom] = policies(authorization('action: CUSTOM\nprovider: { name: authz }\nrules: [{}]', 'ext'));
    const service = {
      ...(custom as NonNullable<typeof custom>),
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      spec: { hosts: ['authz.example'] },
    };
    const provider = {
      service: 'authz.example',
      port: 9000,
      timeout: '1s',
      failOpen: false,
      statusOnError: '',
    };
    const extensionProviders = [{ name: 'authz', envoyExtAuthzGrpc: provider }];
    const objects = [custom as NonNullable<typeof custom>, service];
    const at = (protocol: string) =>
      compilePolicies(objects, cart, { port: 5432, protocol }, { ...config, extensionProviders }).invalid;
    expect(at('http')).toBeNull();
    expect(at('tcp')).toBeNull();
    const unread = compilePolicies(objects, cart, { port: 80, protocol: 'http' }, config);
    expect(unread.invalid).toMatchObject([
      {
        code: 'not-supported-yet',
        severity: 'error',
        message: "action CUSTOM of shop/ext isn't judged yet",
        hint: 'until then everything this policy could have applied to is denied',
        at: { line: 6 },
      },
    ]);
  });

  it('keeps the mistakes of what never decides for itself', () => {
    const key = 'experimental.envoy.filters.http.rbac[y]';
    const rules = `rules: [{ when: [{ key: "${key}", values: [x] }] }]`;
    const audit = compiled(authorization(`action: AUDIT\n${rules}`));
    expect(audit.invalid).toBeNull();
    expect(audit.notices).toMatchObject([{ code: 'not-supported-yet', severity: 'warning' }]);
    expect(compiled(authorization(`action: DENY\n${rules}`)).notices).toEqual([]);
  });

  it('has nothing of what does not apply', () => {
    const { notices, custom, jwt, audit, deny, dryRun, invalid } = compiled(authorization('rules: [{}]'));
    const none = { policies: [], rules: [] };
    expect({ notices, custom, jwt, audit, deny, dryRun, invalid }).toEqual({
      notices: [],
      custom: null,
      jwt: { rules: [] },
      audit: none,
      deny: none,
      dryRun: none,
      invalid: null,
    });
  });

  it('lets nothing in at a port whose CUSTOM policy it can’t compile', () => {
    const [custom] = policies(authorization('action: CUSTOM\nprovider: { name: authz }\nrules: [{}]', 'ext'));
    if (!custom) throw new Error('no object');
    const invalidOf = (rules: unknown) =>
      compilePolicies(
        [{ ...custom, spec: { action: 'CUSTOM', provider: { name: 'authz' }, rules } }],
        cart,
        { port: 8080, protocol: 'http' },
        { ...config, extensionProviders: [] },
      ).invalid;
    expect(invalidOf([{ from: [{ source: { principal: ['x'] } }] }])).toMatchObject([
      { code: 'unknown-field' },
    ]);
    expect(invalidOf([{ to: [{ operation: { methods: ['GET'] } }] }])).toBeNull();
  });

  it('keeps, of a CUSTOM policy, who it is and what it is about', () => {
    const custom = authorization('action: CUSTOM\nprovider: { name: authz }\nrules: [{}]', 'ext');
    const policy = compilePolicies(
      policies(custom),
      cart,
      { port: 8080, protocol: 'http' },
      { ...config, extensionProviders: [] },
    );
    expect(policy.custom?.policies).toMatchObject([{ name: 'ext', action: 'CUSTOM', rule: null }]);
    expect(policy.custom?.fault).toBe('no extension provider is called "authz"');
  });

  it('denies in words that are no Envoy’s where a policy is invalid', () => {
    const policy = { ...compiled(authorization('rules: [{}]')), invalid: [] };
    expect(decide(policy, request())).toEqual({
      verdict: 'deny',
      phase: 'deny',
      reason: 'policy-invalid',
      matched: null,
      status: 403,
      body: 'RBAC: access denied',
      details: 'greenroom_policy_invalid',
    });
    expect(decide(policy, request({ protocol: 'grpc' }))).toMatchObject({ status: 200, body: '' });
    expect(decide(policy, request({ protocol: 'tcp' }))).not.toHaveProperty('status');
  });
});
