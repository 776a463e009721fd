/**
 * Istio objects → what decides at one port of one workload. A policy that can't be compiled denies all that it
 * could have applied to.
 */
import type { MeshConfig } from '../model/mesh.ts';
import { type PolicyObject, positionOf } from '../model/policy-object.ts';
import type { Problem } from '../model/problem.ts';
import type { RuleRef } from '../model/decision.ts';
import type { AuthorizationPolicySpec } from '../model/istio/authorization-policy.ts';
import { compileRule } from './compile-rule.ts';
import type { CompiledAction, CompiledPolicy, CompiledRule } from './compiled-policy.ts';
import { isDryRun } from './dry-run.ts';
import { objectsInScope, type PolicyTarget } from './scope.ts';
import { compileCustom, type CustomPolicy, registryHosts } from './custom/compile-custom.ts';
import { compileJwt } from './tokens/compile-jwt.ts';

/** The part of a mesh's configuration that policies depend on. */
export type PolicyConfig = Pick<
  MeshConfig,
  'rootNamespace' | 'trustDomain' | 'trustDomainAliases' | 'extensionProviders' | 'serviceHosts'
>;

/** A workload's port; any protocol but `tcp` and `tls` is HTTP to a policy. */
export interface PolicyPort {
  port: number;
  protocol: string;
}

type JudgedAction = 'ALLOW' | 'DENY' | 'AUDIT';
type Slot = 'allow' | 'deny' | 'audit' | 'dryRun';

/** Compiles the policies that apply to `target` at `port`. */
export function compilePolicies(
  objects: readonly PolicyObject[],
  target: PolicyTarget,
  port: PolicyPort,
  config: PolicyConfig,
): CompiledPolicy {
  const protocol = port.protocol === 'tcp' || port.protocol === 'tls' ? 'tcp' : 'http';
  const trustDomains = [config.trustDomain, ...config.trustDomainAliases];
  const slots: Record<Slot, { policies: RuleRef[]; rules: CompiledRule[] }> = {
    allow: { policies: [], rules: [] },
    deny: { policies: [], rules: [] },
    audit: { policies: [], rules: [] },
    dryRun: { policies: [], rules: [] },
  };
  const customPolicies: CustomPolicy[] = [];
  const invalid: Problem[] = [];
  const notices: Problem[] = [];
  for (const object of objectsInScope<AuthorizationPolicySpec>(
    objects,
    'AuthorizationPolicy',
    target,
    config.rootNamespace,
  )) {
    const action = object.spec?.action ?? 'ALLOW';
    const dryRun = isDryRun(object);
    const problems: Problem[] = [];
    const context = { policyNamespace: object.metadata.namespace, trustDomains, protocol, action } as const;
    if (!isJudged(action)) {
      if (config.extensionProviders === undefined) {
        (dryRun ? notices : invalid).push(customUnsupported(object, action));
        continue;
      }
      customPolicies.push({
        provider: object.spec?.provider?.name ?? '',
        policies: [policyRef(object, action)],
        rules: (object.spec?.rules ?? []).map((rule, index) =>
          compileRule(object, rule, index, context, problems),
        ),
      });
      invalid.push(...problems.filter((problem) => problem.severity === 'error'));
      continue;
    }
    const slot = slots[dryRun ? 'dryRun' : slotOf(action)];
    slot.policies.push(policyRef(object, action));
    slot.rules.push(
      ...(object.spec?.rules ?? []).map((rule, index) => compileRule(object, rule, index, context, problems)),
    );
    // What never decides can't make anything unsafe: its problems are told, and nothing else.
    const decides = action !== 'AUDIT' && !dryRun;
    for (const problem of problems) {
      if (decides && problem.severity === 'error') invalid.push(problem);
      else notices.push(problem.severity === 'error' ? { ...problem, severity: 'warning' } : problem);
    }
  }
  const registry = [...registryHosts(objects), ...(config.serviceHosts ?? [])];
  const custom = compileCustom(customPolicies, config.extensionProviders ?? [], registry);
  if (protocol === 'tcp' && custom?.provider?.protocol === 'http')
    notices.push(customOnTcp(custom.provider.name, target, port.port));
  const jwt = protocol === 'tcp' ? { rules: [] } : compileJwt(objects, target, config.rootNamespace, invalid);
  return {
    invalid: invalid.length > 0 ? invalid : null,
    notices,
    protocol,
    target: { namespace: target.namespace, serviceAccount: target.serviceAccount, port: port.port },
    custom,
    jwt,
    audit: ordered(slots.audit),
    deny: ordered(slots.deny),
    allow: ordered(slots.allow),
    dryRun: ordered(slots.dryRun),
  };
}

/** Envoy keeps rules in a sorted map: the first by name is the one that a denial names. */
function ordered(action: { policies: RuleRef[]; rules: CompiledRule[] }): CompiledAction {
  const rules = action.rules.toSorted((a, b) => compareBytes(a.name, b.name));
  return { policies: action.policies, rules };
}

function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isJudged(action: JudgedAction | 'CUSTOM'): action is JudgedAction {
  return action === 'ALLOW' || action === 'DENY' || action === 'AUDIT';
}

function slotOf(action: JudgedAction): 'allow' | 'deny' | 'audit' {
  return action === 'ALLOW' ? 'allow' : action === 'DENY' ? 'deny' : 'audit';
}

function policyRef(object: PolicyObject, action: JudgedAction | 'CUSTOM'): RuleRef {
  const { namespace, name } = object.metadata;
  return { kind: object.kind, namespace, name, action, rule: null, at: object.at };
}

function customUnsupported(object: PolicyObject, action: string): Problem {
  return {
    code: 'not-supported-yet',
    severity: 'error',
    message: `action ${action} of ${object.metadata.namespace}/${object.metadata.name} isn't judged yet`,
    hint: 'until then everything this policy could have applied to is denied',
    at: positionOf(object, ['spec', 'action']),
  };
}

/** Istio asks a gRPC authorizer about TCP connections and drops an HTTP one; neither is judged here. */
function customOnTcp(provider: string, { namespace, serviceAccount }: PolicyTarget, port: number): Problem {
  return {
    code: 'custom-not-asked',
    severity: 'warning',
    message: `authorizer ${provider} speaks HTTP, so Istio doesn't ask it about TCP: at port ${port} of ${namespace}/${serviceAccount} its CUSTOM policies decide nothing`,
    hint: 'take a provider with envoyExtAuthzGrpc, or name the port by its protocol (`http-…`) if it speaks HTTP',
  };
}
