/** A traffic event as one line of `up`, and as the paragraph that `demo` and `explain` print. */
import type { Explanation, RuleRef } from '../model/decision.ts';
import type { TrafficEvent } from '../model/traffic-event.ts';
import { columns, paint, printable } from './output.ts';

/** `✓ allowed`, `✕ denied`: a mark and a word, never colour alone. */
export function verdictMark(verdict: 'allow' | 'deny'): string {
  return verdict === 'allow' ? paint('green', '✓ allowed') : paint('red', '✕ denied');
}

/** `ALLOW shop/orders-from-web[0] policies/orders.yaml:14`. */
export function ruleText(ref: RuleRef): string {
  const rule = ref.rule === null ? '' : `[${ref.rule}]`;
  return `${ref.action} ${ref.namespace}/${ref.name}${rule}  ${ref.at.file}:${ref.at.line}`;
}

function peer(event: TrafficEvent): string {
  // A thread died or came back: nobody called anybody.
  if (event.kind === 'proxy') return printable(event.owner);
  const from = event.from.workload ?? event.from.spiffeId ?? event.from.ip;
  return printable(`${from} → ${event.to.workload ?? event.to.ip}`);
}

const WITHOUT_REQUEST: Readonly<Record<TrafficEvent['kind'], string>> = {
  handshake: 'TLS handshake',
  tcp: 'TCP',
  connection: 'connection',
  http: 'connection',
  proxy: 'sidecars',
};

/** What was asked: `POST /charge`, `TLS handshake`. */
export function requestText(event: TrafficEvent): string {
  if (event.request) return printable(`${event.request.method} ${event.request.path}`);
  return WITHOUT_REQUEST[event.kind];
}

/** One event, one line. */
export function eventLine(event: TrafficEvent): string {
  const time = new Date(event.at).toISOString().slice(11, 23);
  const status = event.response ? String(event.response.status) : '—';
  const why = event.decision.matched ? ruleText(event.decision.matched) : printable(event.decision.reason);
  return `${time}  ${verdictMark(event.decision.verdict)}  ${status}  ${peer(event)}  ${requestText(event)}  ${paint('dim', why)}`;
}

/** Sentence, trail and nearest rule. */
export function explanationLines(explanation: Explanation): string[] {
  const lines = [printable(explanation.sentence), ''];
  const marks = { passed: '✓', denied: '✕', skipped: '–' };
  for (const entry of explanation.trail)
    lines.push(`  ${marks[entry.outcome]} ${entry.phase.padEnd(14)} ${printable(entry.note)}`);
  if (explanation.nearest) {
    lines.push('', `  nearest rule: ${ruleText(explanation.nearest.ref)}`);
    const rows = explanation.nearest.clauses.map((clause) => [
      `    ${clause.matched ? '✓' : '✕'} ${clause.field}`,
      `wanted ${clause.wanted.join(' | ')}`,
      `got ${printable(clause.got ?? 'nothing')}`,
      paint('dim', `${clause.at.file}:${clause.at.line}`),
    ]);
    lines.push(...columns(rows));
  }
  return lines;
}
