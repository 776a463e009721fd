/**
 * A mesh prepared for lints: which AuthorizationPolicy applies to which workload, the protocol and mTLS mode of each
 * port, and every rule both as written and as compiled.
 */
import type { AuthorizationPolicySpec } from '../model/istio/authorization-policy.ts';
import type { Mesh, Workload } from '../model/mesh.ts';
import type { PolicyObject } from '../model/policy-object.ts';
import type { Position, Severity } from '../model/problem.ts';
import type { PeerMode } from '../wire/filter-chain.ts';
import { compileRule } from './compile-rule.ts';
import type { CompiledRule } from './compiled-policy.ts';
import { isDryRun } from './dry-run.ts';
import { mtlsModeOf, mtlsModes } from './peer-authentication.ts';
import { hasSelector, objectsInScope, type Scoped } from './scope.ts';
import { type WrittenClause, writtenClauses } from './written-clauses.ts';

export interface LintedPort {
  /** The workload's own. */
  port: number;
  protocol: 'http' | 'tcp';
  mode: PeerMode;
}

export interface LintedWorkload {
  workload: Workload;
  ports: readonly LintedPort[];
  /** Policies in force here; dry runs too. */
  policies: LintedPolicy[];
}

export interface LintedPolicy {
  object: PolicyObject<AuthorizationPolicySpec>;
  action: AuthorizationPolicySpec['action'];
  dryRun: boolean;
  /** Applies to a whole namespace or mesh. */
  unselective: boolean;
  workloads: LintedWorkload[];
  rules: readonly LintedRule[];
}

export interface LintedRule {
  policy: LintedPolicy;
  index: number;
  /** `DENY shop/block-admin[0]`. */
  name: string;
  at: Position;
  clauses: readonly WrittenClause[];
  /** As on HTTP; null when a part of it isn't judged here. */
  compiled: CompiledRule | null;
}

export interface LintView {
  mesh: Mesh;
  workloads: readonly LintedWorkload[];
  policies: readonly LintedPolicy[];
}

/** Prepares `mesh`. */
export function lintView(mesh: Mesh): LintView {
  const workloads = mesh.workloads.map((workload) => lintedWorkload(mesh, workload));
  const policies = mesh.policies.filter(isAuthorizationPolicy).map((object) => {
    const here = workloads.filter(
      ({ workload }) =>
        objectsInScope([object], 'AuthorizationPolicy', workload, mesh.config.rootNamespace).length > 0,
    );
    const policy = lintedPolicy(object, here, mesh);
    for (const workload of here) workload.policies.push(policy);
    return policy;
  });
  return { mesh, workloads, policies };
}

/** How bad it is that a rule, or a value of it, never matches: a DENY then denies nothing. */
export function severityOfNever({ policy }: LintedRule): Severity {
  if (policy.dryRun) return 'notice';
  return policy.action === 'DENY' || policy.action === 'CUSTOM' ? 'error' : 'warning';
}

/** What comes of a value that never matches, for a message. */
export function consequence({ policy }: LintedRule, negated: boolean): string {
  if (policy.action === 'DENY') return negated ? 'it exempts nobody' : 'it denies nobody';
  if (policy.action === 'CUSTOM') return negated ? 'it exempts nobody' : 'the authorizer is never asked';
  return negated ? 'it excludes nobody' : 'it lets nobody in';
}

/** The ports that a rule is about; null = all. */
export function portsOf({ clauses, compiled }: LintedRule): ReadonlySet<number> | null {
  const ports = clauses.filter(({ name, negated }) => name === 'ports' && !negated);
  const alternatives = new Set(ports.map(({ alternative }) => alternative));
  if (ports.length === 0 || compiled === null || alternatives.size < compiled.to.length) return null;
  return new Set(ports.flatMap(({ values }) => values.map(({ text }) => Number(text))));
}

/** Ports of the rule's workloads where a caller may come without mutual TLS, with their workloads. */
export function laxPorts(rule: LintedRule): { workload: LintedWorkload; port: LintedPort }[] {
  const about = portsOf(rule);
  return rule.policy.workloads.flatMap((workload) =>
    workload.ports
      .filter(({ port, mode }) => mode !== 'STRICT' && (about === null || about.has(port)))
      .map((port) => ({ workload, port })),
  );
}

/** `orders:8080 (PERMISSIVE)`, for a message. */
export function placeNames(places: readonly { workload: LintedWorkload; port: LintedPort }[]): string {
  return listed(places.map(({ workload, port }) => `${workload.workload.id}:${port.port} (${port.mode})`));
}

/** A value of a policy for a message: its end is cut where nobody would read it. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);
}

const MAX_QUOTED = 120;

/** Names for a message, the first few. */
export function listed(names: readonly string[]): string {
  const unique = [...new Set(names)];
  return unique.length > 4
    ? `${unique.slice(0, 4).join(', ')} and ${unique.length - 4} more`
    : unique.join(', ');
}

/** Names of workloads for a message. */
export function workloadNames(workloads: readonly LintedWorkload[]): string {
  return listed(workloads.map(({ workload }) => workload.id));
}

function isAuthorizationPolicy(object: PolicyObject): object is PolicyObject<AuthorizationPolicySpec> {
  return object.kind === 'AuthorizationPolicy' && object.apiVersion.startsWith('security.istio.io/');
}

function lintedWorkload(mesh: Mesh, workload: Workload): LintedWorkload {
  const modes = mtlsModes(mesh.policies, workload, mesh.config);
  const ports = new Map<number, LintedPort>();
  for (const { targetPort, protocol } of workload.ports) {
    ports.set(targetPort, {
      port: targetPort,
      protocol: protocol === 'tcp' || protocol === 'tls' ? 'tcp' : 'http',
      mode: mtlsModeOf(modes, targetPort),
    });
  }
  return { workload, ports: [...ports.values()], policies: [] };
}

function lintedPolicy(
  object: PolicyObject<AuthorizationPolicySpec>,
  workloads: LintedWorkload[],
  mesh: Mesh,
): LintedPolicy {
  const action = object.spec?.action ?? 'ALLOW';
  const spec: Scoped = object.spec ?? {};
  const rules: LintedRule[] = [];
  const policy: LintedPolicy = {
    object,
    action,
    dryRun: isDryRun(object),
    unselective: !hasSelector(spec) && !spec.targetRef && (spec.targetRefs ?? []).length === 0,
    workloads,
    rules,
  };
  const { trustDomain, trustDomainAliases } = mesh.config;
  for (const [index, rule] of (object.spec?.rules ?? []).entries()) {
    const problems: { severity: Severity }[] = [];
    const context = {
      policyNamespace: object.metadata.namespace,
      trustDomains: [trustDomain, ...trustDomainAliases],
      protocol: 'http',
      action,
    } as const;
    const compiled = compileRule(object, rule, index, context, problems as never[]);
    const { namespace, name } = object.metadata;
    rules.push({
      policy,
      index,
      name: `${action} ${namespace}/${name}[${index}]`,
      at: compiled.ref.at,
      clauses: writtenClauses(object, rule, index),
      compiled: problems.some(({ severity }) => severity === 'error') ? null : compiled,
    });
  }
  return policy;
}
