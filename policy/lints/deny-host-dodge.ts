/** A DENY on a host that the same host with a port, or with a dot at its end, passes: Envoy compares the whole text. */
import type { Finding, Lint } from '../lint.ts';
import { inDenied } from '../lint-clauses.ts';
import { type LintedRule, workloadNames } from '../lint-view.ts';
import { passedBy } from '../could-pass.ts';
import type { WrittenClause } from '../written-clauses.ts';

export const denyHostDodge: Lint = {
  code: 'deny-host-dodge',
  summary: 'A DENY on a host is passed by writing a port or a dot after it',
  check: ({ policies }) => inDenied('hosts', policies, dodged),
};

function dodged(rule: LintedRule, clause: WrittenClause): Finding[] {
  const ways: string[] = [];
  const missing: string[] = [];
  const open = new Set<LintedRule['policy']['workloads'][number]>();
  for (const { text } of clause.values) {
    if (text.includes('*') || text.includes(':') || text.endsWith('.')) continue;
    const spellings = [
      { sent: `${text}:80`, value: `${text}:*` },
      { sent: `${text}.`, value: `${text}.` },
    ];
    for (const { sent, value } of spellings) {
      const through = passedBy(rule, 'request.host', sent.toLowerCase());
      if (through.length === 0) continue;
      ways.push(sent);
      missing.push(value);
      for (const workload of through) open.add(workload);
    }
  }
  if (ways.length === 0) return [];
  return [
    {
      severity: 'warning',
      message: `${rule.name} is passed by the Host ${ways.slice(0, 4).join(' or ')} (${workloadNames([...open])}): a port and a dot at the end count`,
      hint: `add ${missing
        .slice(0, 4)
        .map((value) => JSON.stringify(value))
        .join(', ')}; safer: an ALLOW of the hosts that are served`,
      at: clause.at,
      fix: { at: clause.at, change: { kind: 'append', values: missing } },
    },
  ];
}
