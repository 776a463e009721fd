import { describe, expect, it } from 'vitest';
import { extensionProviderSchema } from '../../../model/istio/extension-provider.ts';
import type { PolicyObject } from '../../../model/policy-object.ts';
import { compilePolicies } from '../../../policy/compile.ts';
import type { CompiledPolicy } from '../../../policy/compiled-policy.ts';
import { askAuthorizer, withoutCustom } from '../../../policy/custom/ask-authorizer.ts';
import { customStep, denyUnasked } from '../../../policy/custom/custom-step.ts';
import { authorization, cart, compiled, config, policies, request } from '../../support/policies.ts';

const SERVICE: PolicyObject = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'ServiceEntry',
  metadata: { name: 'authorizers', namespace: 'istio-system', annotations: {}, labels: {} },
  spec: { hosts: ['authz.example'] },
  at: { file: 'services.yaml', line: 1, column: 1 },
  positions: {},
};

/** Asks `provider` about everything under /admin. */
function asking(provider: string, statusOnError = ''): CompiledPolicy {
  const settings = { service: 'authz.example', port: 9000, statusOnError };
  const extensionProviders = [extensionProviderSchema.parse({ name: 'authz', envoyExtAuthzGrpc: settings })];
  const yaml = authorization(
    `action: CUSTOM\nprovider: { name: ${provider} }\nrules: [{ to: [{ operation: { paths: ["/admin*"] } }] }]`,
    'ext',
  );
  return compilePolicies(
    [...policies(yaml), SERVICE],
    cart,
    { port: 8080, protocol: 'http' },
    { ...config, extensionProviders },
  );
}

const admin = request({ path: '/admin' });
const call = request({ path: '/admin', protocol: 'grpc' });
const rule = 'istio-ext-authz-missing-ns[shop]-policy[ext]-rule[0]-deny-due-to-bad-CUSTOM-action';

describe('the CUSTOM phase', () => {
  it('denies what its rules match when nobody is called what it names', () => {
    expect(customStep(asking('missing'), admin)).toMatchObject({
      kind: 'denied',
      decision: {
        verdict: 'deny',
        phase: 'custom',
        reason: 'custom-provider-bad',
        matched: { name: 'ext' },
        status: 403,
        body: 'RBAC: access denied',
        details: `rbac_access_denied_matched_policy[${rule}]`,
      },
    });
    expect(denyUnasked(asking('missing'), admin)).toMatchObject({ reason: 'custom-provider-bad' });
  });

  it('denies a gRPC call with 200 and no body', () => {
    expect(customStep(asking('missing'), call)).toMatchObject({ decision: { status: 200, body: '' } });
    expect(denyUnasked(asking('authz', '503'), call)).toMatchObject({ status: 200, body: '' });
  });

  it('denies without status and body where there is no HTTP', () => {
    const any = { ...asking('missing') };
    const custom = any.custom && { ...any.custom, rules: compiled(authorization('rules: [{}]')).allow.rules };
    const step = customStep({ ...any, custom }, request({ protocol: 'tcp' }));
    expect(step).toMatchObject({ kind: 'denied', decision: { reason: 'custom-provider-bad' } });
    expect(step.kind === 'denied' && Object.keys(step.decision)).not.toContain('status');
  });

  it('denies what nobody here can ask about, with the provider’s status on error', () => {
    expect(denyUnasked(asking('authz', '503'), admin)).toMatchObject({
      verdict: 'deny',
      phase: 'custom',
      reason: 'authorizer-not-asked',
      matched: { name: 'ext' },
      status: 503,
      body: '',
      details: 'ext_authz_error',
    });
  });

  it('asks the authorizer about what its rules match, and about nothing else', () => {
    expect(customStep(asking('authz'), admin)).toMatchObject({
      kind: 'ask',
      rule: { name: 'ext' },
      check: { path: '/admin', provider: { name: 'authz' } },
    });
    for (const policy of [asking('authz'), compiled(authorization('rules: [{}]'))]) {
      expect(customStep(policy, request({ path: '/public' }))).toEqual({ kind: 'passed' });
      expect(denyUnasked(policy, request({ path: '/public' }))).toBeNull();
    }
  });
});

describe('asking', () => {
  const never = () => {
    throw new Error('was asked');
  };

  it('leaves a request alone that no rule matches, or that nobody is to be asked about', async () => {
    const facts = request({ path: '/public' });
    const untouched = { decision: null, facts, check: null, responseHeaders: [] };
    expect(await askAuthorizer(asking('authz'), facts, never)).toEqual(untouched);
    expect(await askAuthorizer(compiled(authorization('rules: [{}]')), facts, never)).toEqual(untouched);
  });

  it('asks nobody where the provider is bad', async () => {
    const { decision, check } = await askAuthorizer(asking('missing'), admin, never);
    expect(decision?.reason).toBe('custom-provider-bad');
    expect(check).toBeNull();
  });

  it('knows what an authorizer was asked, though it failed, and nothing when the question did not arrive', async () => {
    for (const asked of [true, false]) {
      const outcome = await askAuthorizer(asking('authz'), admin, () => ({ kind: 'failed', asked }));
      expect(outcome.decision?.reason).toBe('authorizer-failed');
      expect(outcome.check?.path).toBe(asked ? '/admin' : undefined);
    }
  });

  it('ends the phase: what comes after asks nobody again', () => {
    expect(withoutCustom(asking('authz')).custom).toBeNull();
    const plain = compiled(authorization('rules: [{}]'));
    expect(withoutCustom(plain)).toBe(plain);
  });
});
