import { describe, expect, it } from 'vitest';
import { extensionProviderSchema } from '../../../model/istio/extension-provider.ts';
import type { PolicyObject } from '../../../model/policy-object.ts';
import { compileCustom, type CustomPolicy, registryHosts } from '../../../policy/custom/compile-custom.ts';
import { authorization, compiled } from '../../support/policies.ts';

const providers = ['authz', 'other'].map((name) =>
  extensionProviderSchema.parse({ name, envoyExtAuthzGrpc: { service: 'authz.example', port: 9000 } }),
);
const registry = [{ host: 'authz.example', namespace: 'istio-system' }];

function policy(provider: string, ...names: string[]): CustomPolicy {
  const { allow } = compiled(names.map((name) => authorization('rules: [{}]', name)).join(''));
  return { provider, policies: allow.policies, rules: allow.rules };
}

function entry(hosts: unknown, over: Partial<PolicyObject> = {}): PolicyObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: 'services', namespace: 'shop', annotations: {}, labels: {} },
    spec: { hosts },
    at: { file: 'services.yaml', line: 1, column: 1 },
    positions: {},
    ...over,
  };
}

describe('CUSTOM policies of a port', () => {
  it('are nothing when there are none', () => {
    expect(compileCustom([], providers, registry)).toBeNull();
  });

  it('deny what their rules match when they name two providers, in Envoy’s order of names', () => {
    const both = [policy('other', 'b'), policy('authz', 'z', 'a')];
    const custom = compileCustom(both, providers, registry);
    expect(custom?.provider).toBeNull();
    expect(custom?.fault).toBe('one workload takes one provider, and these policies name authz, other');
    expect(custom?.rules.map(({ name }) => name)).toEqual([
      'istio-ext-authz-authz-ns[shop]-policy[a]-rule[0]-deny-due-to-bad-CUSTOM-action',
      'istio-ext-authz-authz-ns[shop]-policy[z]-rule[0]-deny-due-to-bad-CUSTOM-action',
      'istio-ext-authz-other-ns[shop]-policy[b]-rule[0]-deny-due-to-bad-CUSTOM-action',
    ]);
  });

  it('name the one authorizer that all of them name', () => {
    const custom = compileCustom([policy('authz', 'z'), policy('authz', 'a')], providers, registry);
    expect(custom?.fault).toBeNull();
    expect(custom?.provider?.name).toBe('authz');
    expect(custom?.policies.map(({ name }) => name)).toEqual(['z', 'a']);
    expect(custom?.rules.map(({ name }) => name)).toEqual([
      'istio-ext-authz-authz-ns[shop]-policy[a]-rule[0]',
      'istio-ext-authz-authz-ns[shop]-policy[z]-rule[0]',
    ]);
  });
});

describe('the service registry', () => {
  it.each([
    ['another kind', entry(['a.example'], { kind: 'Gateway' })],
    ['another group', entry(['a.example'], { apiVersion: 'example.io/v1' })],
    ['no spec', entry([], { spec: null })],
    ['hosts that are no list', entry('a.example')],
    ['a wildcard', entry(['*.example'])],
    ['what is no text', entry([7])],
  ])('has nothing of %s', (_, object) => {
    expect(registryHosts([object])).toEqual([]);
  });

  it('has each host of each ServiceEntry, with its namespace', () => {
    const other = entry(['c.example'], { metadata: { ...entry([]).metadata, namespace: 'istio-system' } });
    expect(registryHosts([entry(['a.example', 'b.example']), other])).toEqual([
      { host: 'a.example', namespace: 'shop' },
      { host: 'b.example', namespace: 'shop' },
      { host: 'c.example', namespace: 'istio-system' },
    ]);
  });
});
