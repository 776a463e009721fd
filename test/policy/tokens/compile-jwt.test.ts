import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../model/problem.ts';
import { compilePolicies } from '../../../policy/compile.ts';
import { decide } from '../../../policy/decide.ts';
import { compileJwt } from '../../../policy/tokens/compile-jwt.ts';
import { cart, config, request } from '../../support/policies.ts';
import { keySetText, requestAuthentication, signer } from '../../support/tokens.ts';

describe('the rules of RequestAuthentication', () => {
  it.each(['{"keys":[]}', 'nonsense', JSON.stringify({ keys: [{ ...signer().jwk, alg: 'ES384' }] })])(
    'deny everything with keys that make Envoy refuse its listener: %#',
    (jwks) => {
      const object = requestAuthentication([{ issuer: 'x', jwks }]);
      const policy = compilePolicies([object], cart, { port: 8080, protocol: 'http' }, config);
      expect(policy.invalid).toEqual([
        {
          code: 'unusable-keys',
          severity: 'error',
          message: 'jwks of shop/jwt has no key that Envoy can use, so Envoy refuses the whole listener',
          hint: 'until it has one, everything this policy could have applied to is denied',
          at: object.at,
        },
      ]);
      expect(policy.jwt.rules).toMatchObject([{ issuer: 'x', keys: { kind: 'none' } }]);
      expect(decide(policy, request())).toMatchObject({ verdict: 'deny', reason: 'policy-invalid' });
    },
  );

  it('stand in the order of their issuers; of one issuer, the workload’s own namespace’s first', () => {
    const objects = [
      requestAuthentication([{ issuer: 'b' }, { issuer: 'a' }], 'z'),
      requestAuthentication([{ issuer: 'a' }], 'y'),
      requestAuthentication([{ issuer: 'a' }], 'mesh', 'istio-system'),
      requestAuthentication([{ issuer: 'a' }], 'elsewhere', 'billing'),
    ];
    const { rules } = compileJwt(objects, cart, 'istio-system', []);
    expect(rules.map(({ ref }) => `${ref.name}[${ref.rule}]`)).toEqual(['y[0]', 'z[1]', 'mesh[0]', 'z[0]']);
  });

  it('take keys written inline, behind a URI, or from nowhere', () => {
    const problems: Problem[] = [];
    const rules = [
      { issuer: 'a', jwks: keySetText(signer()) },
      { issuer: 'b', jwks_uri: 'https://b' },
      { issuer: 'c', jwks: '' },
    ];
    const { rules: compiled } = compileJwt([requestAuthentication(rules)], cart, 'istio-system', problems);
    expect(compiled.map(({ keys }) => keys.kind)).toEqual(['inline', 'uri', 'none']);
    expect(problems).toEqual([]);
  });

  it('have no part at a TCP port', () => {
    const object = requestAuthentication([{ issuer: 'x', jwks: '{"keys":[]}' }]);
    const policy = compilePolicies([object], cart, { port: 8080, protocol: 'tcp' }, config);
    expect(policy).toMatchObject({ invalid: null, jwt: { rules: [] } });
  });
});
