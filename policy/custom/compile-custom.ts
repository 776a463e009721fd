/**
 * CUSTOM policies → which requests an authorizer is asked about, and who that is. Where istiod can't build the
 * filter (unknown or invalid provider, two providers at one workload), what the rules match is denied.
 */
import type { ExtensionProvider } from '../../model/istio/extension-provider.ts';
import type { PolicyObject } from '../../model/policy-object.ts';
import type { CompiledAction, CompiledRule } from '../compiled-policy.ts';
import { type AuthorizerProvider, type RegistryHost, resolveProvider } from './providers.ts';

/** CUSTOM at one port of one workload. */
export interface CompiledCustom extends CompiledAction {
  /** Who is asked about what the rules match; null = nobody can be, and `fault` says why. */
  provider: AuthorizerProvider | null;
  fault: string | null;
}

/** A policy's rules with the provider that it names. */
export interface CustomPolicy {
  provider: string;
  policies: CompiledAction['policies'];
  rules: readonly CompiledRule[];
}

const BAD_SUFFIX = '-deny-due-to-bad-CUSTOM-action';

/** Joins the CUSTOM policies of a port; null when there are none. */
export function compileCustom(
  policies: readonly CustomPolicy[],
  providers: readonly ExtensionProvider[],
  registry: readonly RegistryHost[],
): CompiledCustom | null {
  const first = policies[0];
  if (first === undefined) return null;
  const names = [...new Set(policies.map((policy) => policy.provider))].sort();
  const resolved =
    names.length > 1
      ? { fault: `one workload takes one provider, and these policies name ${names.join(', ')}` }
      : resolveProvider(first.provider, providers, registry);
  const shared = { policies: policies.flatMap((policy) => policy.policies) };
  return 'fault' in resolved
    ? { ...shared, rules: named(policies, names, BAD_SUFFIX), provider: null, fault: resolved.fault }
    : { ...shared, rules: named(policies, names, ''), provider: resolved.provider, fault: null };
}

/** Rules under Envoy's names for them, in its order: by provider, then by name. */
function named(
  policies: readonly CustomPolicy[],
  providers: readonly string[],
  suffix: string,
): CompiledRule[] {
  return providers.flatMap((provider) =>
    policies
      .filter((policy) => policy.provider === provider)
      .flatMap((policy) => policy.rules)
      .map((rule) => ({ ...rule, name: `istio-ext-authz-${provider}-${rule.name}${suffix}` }))
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
  );
}

/** Hosts that ServiceEntries put into the registry. */
export function registryHosts(objects: readonly PolicyObject[]): RegistryHost[] {
  return objects
    .filter(
      ({ kind, apiVersion }) => kind === 'ServiceEntry' && apiVersion.startsWith('networking.istio.io/'),
    )
    .flatMap(({ spec, metadata }) => {
      const hosts = (spec as { hosts?: unknown } | null)?.hosts;
      return (Array.isArray(hosts) ? hosts : [])
        .filter((host): host is string => typeof host === 'string' && !host.includes('*'))
        .map((host) => ({ host, namespace: metadata.namespace }));
    });
}
