/**
 * Clauses about the caller's identity at a port that takes plaintext: whoever comes without a certificate has none.
 * A DENY by identity is then passed by leaving mutual TLS out.
 */
import type { Finding, Lint } from '../lint.ts';
import { type LintedRule, type LintedWorkload, listed } from '../lint-view.ts';
import { clauseName, isIdentityClause } from '../written-clauses.ts';

export const identityWithoutStrictMtls: Lint = {
  code: 'identity-without-strict-mtls',
  summary: 'A rule is about identities at a port whose mTLS mode is not STRICT',
  check: ({ policies }) =>
    policies
      .filter(({ dryRun }) => !dryRun)
      .flatMap(({ rules }) => rules)
      .flatMap(lax),
};

function lax(rule: LintedRule): Finding[] {
  const clause = rule.clauses.find((one) => isIdentityClause(one) && !one.negated);
  if (!clause) return [];
  const { action, workloads } = rule.policy;
  const places = workloads.flatMap((workload) =>
    workload.ports
      .filter(({ mode }) => mode !== 'STRICT')
      .map(({ port, mode }) => ({ workload, port, mode })),
  );
  if (places.length === 0) return [];
  const where = listed(places.map(({ workload, port, mode }) => `${workload.workload.id}:${port} (${mode})`));
  const hint = 'set mtls.mode STRICT for these ports in a PeerAuthentication';
  if (action === 'DENY') {
    const open = places.filter(({ workload }) => takesPlaintext(workload));
    if (open.length > 0)
      return [
        {
          severity: 'warning',
          message: `${rule.name} denies by ${clauseName(clause)}, and ${where} takes plaintext: a caller that leaves mutual TLS out has no identity and passes`,
          hint,
          at: clause.at,
        },
      ];
  }
  const disabled = action === 'ALLOW' && places.every(({ mode }) => mode === 'DISABLE');
  const everywhere = places.length === workloads.flatMap(({ ports }) => ports).length;
  return [
    {
      severity: disabled && everywhere ? 'warning' : 'notice',
      message:
        disabled && everywhere
          ? `${rule.name} never lets anybody in by ${clauseName(clause)}: ${where} has no mutual TLS, so nobody has an identity`
          : `${rule.name} is about ${clauseName(clause)}, and ${where} takes plaintext: such callers have no identity, and nothing they send is protected`,
      hint,
      at: clause.at,
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
