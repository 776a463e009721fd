/**
 * remoteIpBlocks at a workload: a sidecar takes the last entry of X-Forwarded-For for the client's address, whoever
 * wrote it. Every caller in the mesh chooses it.
 */
import type { Finding, Lint } from '../lint.ts';
import { type LintedRule, workloadNames } from '../lint-view.ts';
import { clauseName, fieldOf, isIdentityClause, type WrittenClause } from '../written-clauses.ts';

export const remoteIpForgeable: Lint = {
  code: 'remote-ip-forgeable',
  summary: "A workload's rule trusts remoteIpBlocks, which the caller writes itself",
  check: ({ policies }) =>
    policies
      .filter(({ action, dryRun }) => (action === 'ALLOW' || action === 'DENY') && !dryRun)
      .flatMap(({ rules }) => rules)
      .flatMap(forgeable),
};

function forgeable(rule: LintedRule): Finding[] {
  const workloads = rule.policy.workloads.filter(({ ports }) =>
    ports.some(({ protocol }) => protocol === 'http'),
  );
  if (workloads.length === 0) return [];
  const { action } = rule.policy;
  return rule.clauses
    .filter((clause) => fieldOf(clause) === 'remoteIpBlocks')
    .filter((clause) => action === 'DENY' || !fromNamedCallers(rule, clause))
    .map((clause) => ({
      severity: 'warning',
      message: `${rule.name}: ${clauseName(clause)} looks at an address that the caller of ${workloadNames(workloads)} writes itself, in X-Forwarded-For: ${action === 'DENY' ? 'the DENY is passed' : 'anybody in the mesh is let in'} with a forged one`,
      hint:
        action === 'DENY'
          ? 'judge client addresses at the gateway, with numTrustedProxies set'
          : "beside it, name the gateway's principal, which is the only caller whose word counts; or judge addresses at the gateway",
      at: clause.at,
    }));
}

/** Whether only callers with a named identity get as far as the address. */
function fromNamedCallers({ clauses }: LintedRule, { part, alternative }: WrittenClause): boolean {
  return clauses.some(
    (other) =>
      isIdentityClause(other) &&
      !other.negated &&
      (other.part === 'when' || part === 'when' || other.alternative === alternative),
  );
}
