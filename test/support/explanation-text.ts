/** An explanation as lines, for golden files: the sentence, the trail with its rules and clauses, the nearest rule. */
import type { Explanation, RuleTrail } from '../../model/decision.ts';
import { ruleName } from '../../policy/wording.ts';

export function explanationLines({ sentence, trail, nearest }: Explanation): string[] {
  return [
    sentence,
    ...trail.flatMap((entry) => [
      `${entry.phase} ${entry.outcome}: ${entry.note}`,
      ...entry.rules.flatMap((rule) => clauseLines('  ', rule)),
    ]),
    ...(nearest ? ['nearest:', ...clauseLines('  ', nearest)] : []),
  ];
}

function clauseLines(indent: string, rule: RuleTrail): string[] {
  const { ref } = rule;
  return [
    `${indent}${rule.matched ? '✓' : '✕'} ${ref.action} ${ruleName(ref)} ${ref.at.file}:${ref.at.line}`,
    ...rule.clauses.map(
      (clause) =>
        `${indent}  ${clause.matched ? '✓' : '✕'} ${clause.field} wanted ${clause.wanted.join(', ')} got ${clause.got ?? 'nothing'} (line ${clause.at.line})`,
    ),
  ];
}
