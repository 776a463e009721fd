/**
 * Clauses about the caller's identity at a port that takes plaintext: whoever comes without a certificate has none.
 * A DENY by identity is then passed by leaving mutual TLS out.
 */
import type { Finding, Lint } from '../lint.ts';
import { laxPorts, type LintedRule, type LintedWorkload, placeNames } from '../lint-view.ts';
import { clauseName, isIdentityClause } from '../written-clauses.ts';

export const identityWithoutStrictMtls: Lint = {
  code: 'identity-without-strict-mtls',
  summary: 'A rule is about identities at a port whose mTLS mode is not STRICT',
  check: ({ workloads, policies }) => {
    const open = new Set(workloads.filter(takesPlaintext));
    return policies
      .filter(({ dryRun }) => !dryRun)
      .flatMap(({ rules }) => rules)
      .flatMap((rule) => lax(rule, open));
  },
};

/** `open`: workloads whose policies let some request without an identity in. */
function lax(rule: LintedRule, open: ReadonlySet<LintedWorkload>): Finding[] {
  const clause = rule.clauses.find((one) => isIdentityClause(one) && !one.negated);
  const places = clause ? laxPorts(rule) : [];
  if (!clause || places.length === 0) return [];
  const { action, workloads } = rule.policy;
  const at = { hint: 'set mtls.mode STRICT for these ports in a PeerAuthentication', at: clause.at };
  const passed = places.filter(({ workload }) => open.has(workload));
  if (action === 'DENY' && passed.length > 0)
    return [
      {
        ...at,
        severity: 'warning',
        message: `${rule.name} denies by ${clauseName(clause)}, and ${placeNames(passed)} takes plaintext: a caller that leaves mutual TLS out has no identity and passes`,
      },
    ];
  const everywhere = places.length === workloads.flatMap(({ ports }) => ports).length;
  if (action === 'ALLOW' && everywhere && places.every(({ port }) => port.mode === 'DISABLE'))
    return [
      {
        ...at,
        severity: 'warning',
        message: `${rule.name} never lets anybody in by ${clauseName(clause)}: ${placeNames(places)} has no mutual TLS, so nobody has an identity`,
      },
    ];
  return [
    {
      ...at,
      severity: 'notice',
      message: `${rule.name} is about ${clauseName(clause)}, and ${placeNames(places)} takes plaintext: such callers have no identity, and nothing they send is protected`,
    },
  ];
}

/** Whether some request without an identity could pass the ALLOW policies. */
function takesPlaintext({ policies }: LintedWorkload): boolean {
  const allows = policies.filter(({ action, dryRun }) => action === 'ALLOW' && !dryRun);
  return allows.length === 0 || allows.some(({ rules }) => rules.some((rule) => !requiresIdentity(rule)));
}

/** Whether every way to meet the rule needs an identity. */
function requiresIdentity({ clauses, compiled }: LintedRule): boolean {
  const positive = clauses.filter((clause) => isIdentityClause(clause) && !clause.negated);
  if (positive.some(({ part }) => part === 'when')) return true;
  const alternatives = compiled?.from.length ?? 0;
  const covered = new Set(positive.map(({ alternative }) => alternative));
  return alternatives > 0 && covered.size === alternatives;
}
