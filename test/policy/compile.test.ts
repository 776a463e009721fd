import { describe, expect, it } from 'vitest';
import { compilePolicies } from '../../policy/compile.ts';
import { authorization, cart, compiled, config, policies } from '../support/policies.ts';

describe('compilePolicies', () => {
  it('refuses a field, a key and a value that Istio does not know, and then denies', () => {
    const [object] = policies(authorization('rules: [{}]'));
    if (!object) throw new Error('no object');
    const invalidOf = (rule: unknown) =>
      compilePolicies(
        [{ ...object, spec: { rules: [rule] } }],
        cart,
        { port: 8080, protocol: 'http' },
        config,
      ).invalid;
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
});
