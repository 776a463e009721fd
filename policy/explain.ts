/**
 * The whole why of a decision, from the same compiled policy and the same facts: a sentence, the trail by phase in
 * Envoy's order, the nearest rule. Never asked on the hot path; decides nothing.
 */
import { counted } from '../model/counted.ts';
import type { Decision, Explanation, TrailEntry } from '../model/decision.ts';
import type { RequestFacts } from '../model/request-facts.ts';
import { failedClauses, ruleTrail, type TriedRule, tryRule } from './clause-trail.ts';
import type { CompiledAction, CompiledPolicy } from './compiled-policy.ts';
import { customEntry, customSentence } from './custom/explain-custom.ts';
import { explainRefusal, fellBeforePolicies } from './explain-refusal.ts';
import { routeEntry, routeSentence } from './gateway/explain-route.ts';
import { rulesToTell } from './index/nearest-rules.ts';
import { sentenceFor } from './sentence.ts';
import { tokenEntry, tokenSentence } from './tokens/explain-tokens.ts';
import { afterTokens, type TokenFacts } from './tokens/token-facts.ts';
import { callerOf, gotPhrase, listed, ruleName, wantedPhrase } from './wording.ts';

/**
 * Explains `decision`, which `decide(policy, facts, tokens)` gave. `facts` may be those before or after the tokens;
 * without `tokens` only that phase is told less.
 */
export function explain(
  policy: CompiledPolicy,
  asSent: RequestFacts,
  decision: Decision,
  tokens?: TokenFacts,
): Explanation {
  const facts = tokens === undefined ? asSent : afterTokens(asSent, tokens);
  if (fellBeforePolicies(decision))
    return explainRefusal(decision, connectionEntry(policy, facts), facts.connection.principal);
  if (policy.invalid !== null) return explainInvalid(policy, facts);
  if (decision.phase === 'custom') {
    const trail = [connectionEntry(policy, facts), ...customEntry(policy, facts, decision)];
    return { sentence: customSentence(policy, decision), trail, nearest: null };
  }
  if (decision.phase === 'jwt') {
    const sentence = tokenSentence(policy.jwt, decision, tokens);
    const trail = [
      connectionEntry(policy, facts),
      ...customEntry(policy, facts, decision),
      tokenEntry(policy.jwt, decision, tokens),
    ];
    return { sentence, trail, nearest: null };
  }
  const [denyRules, allowRules] = [rulesToTell(policy.deny, facts), rulesToTell(policy.allow, facts)];
  const deny = denyRules.rules.map((rule) => tryRule(rule, facts));
  const allow = allowRules.rules.map((rule) => tryRule(rule, facts));
  const nearest = decision.reason === 'no-allow-matched' ? nearestOf(allow) : null;
  const home = policy.target.namespace;
  const trail = [
    connectionEntry(policy, facts),
    ...customEntry(policy, facts, decision),
    ...(policy.protocol === 'tcp' ? [] : [tokenEntry(policy.jwt, decision, tokens)]),
    ...watchEntry('audit', policy.audit, facts, home),
    withLeftOut(denyEntry(policy, deny, facts), denyRules.left),
    withLeftOut(allowEntry(policy, allow, decision, facts), allowRules.left),
    ...watchEntry('dry-run', policy.dryRun, facts, home),
    ...routeEntry(decision, facts),
    ...unsentEntry(decision),
  ];
  if (decision.phase === 'route') return { sentence: routeSentence(decision, facts), trail, nearest: null };
  return {
    sentence: `${sentenceFor(policy, facts, decision, { deny, allow, nearest })}${dryRunRemark(policy, facts, decision)}`,
    trail,
    nearest: nearest === null ? null : ruleTrail(nearest, facts),
  };
}

/** Fewest failed clauses; of those, the one with most matched; of those, the first. Dropped rules come last. */
function nearestOf(allow: readonly TriedRule[]): TriedRule | null {
  return (
    allow.toSorted((a, b) => distance(a) - distance(b) || b.clauses.length - a.clauses.length)[0] ?? null
  );
}

function distance(tried: TriedRule): number {
  return tried.rule.dropped === null ? failedClauses(tried) : 1_000;
}

function explainInvalid(policy: CompiledPolicy, facts: RequestFacts): Explanation {
  const [first, ...more] = policy.invalid ?? [];
  const others = more.length > 0 ? ` (and ${more.length} more)` : '';
  const at = first?.at ? ` (${first.at.file}:${first.at.line})` : '';
  const sentence = `Everything is denied here, because a policy can't be judged: ${first?.message ?? 'unknown'}${at}${others}.`;
  const entry: TrailEntry = { phase: 'deny', outcome: 'denied', note: first?.message ?? '', rules: [] };
  return { sentence, trail: [connectionEntry(policy, facts), entry], nearest: null };
}

function connectionEntry(policy: CompiledPolicy, facts: RequestFacts): TrailEntry {
  const { connection } = facts;
  const who = callerOf(facts, policy.target.namespace);
  const note =
    connection.principal !== null ? who : connection.mtls ? 'TLS, no certificate' : 'plaintext, no identity';
  return { phase: 'mtls', outcome: 'passed', note, rules: [] };
}

/** What the router refused to send on; the last entry of the trail. */
function unsentEntry(decision: Decision): TrailEntry[] {
  if (decision.phase !== 'upstream') return [];
  return [{ phase: 'upstream', outcome: 'denied', note: decision.body || decision.reason, rules: [] }];
}

/** A DENY in a dry run that would have stopped what passes: the one thing that enforcing it changes. */
function dryRunRemark({ dryRun }: CompiledPolicy, facts: RequestFacts, { verdict }: Decision): string {
  if (verdict === 'deny') return '';
  const hit = dryRun.rules.find((rule) => rule.ref.action === 'DENY' && tryRule(rule, facts).matched);
  return hit === undefined ? '' : ` DENY policy ${ruleName(hit.ref)} would stop it, but is a dry run.`;
}

/** AUDIT and dry runs: told where they would have matched, never deciding. */
function watchEntry(
  kind: 'audit' | 'dry-run',
  action: CompiledAction,
  facts: RequestFacts,
  home: string,
): TrailEntry[] {
  if (action.policies.length === 0) return [];
  const { rules, left } = rulesToTell(action, facts);
  const tried = rules.map((rule) => tryRule(rule, facts));
  const hits = tried.filter((one) => one.matched).map((one) => ruleName(one.rule.ref));
  const what = kind === 'audit' ? 'audited, not decided' : 'dry run, not enforced';
  const first = tried[0];
  const miss = first ? whyNot(first, facts, home) : 'no rules';
  const note =
    hits.length > 0
      ? `${listed(hits, 'and')} ${hits.length === 1 ? 'matches' : 'match'} (${what})`
      : `${miss} (${what})`;
  const trails = tried.map((one) => ruleTrail(one, facts));
  return [withLeftOut({ phase: 'audit', outcome: 'skipped', note, rules: trails }, left)];
}

/** Says that the nearest rules stand for all, where they do. */
function withLeftOut(entry: TrailEntry, left: number): TrailEntry {
  if (left === 0 || entry.rules.length === 0) return entry;
  return { ...entry, note: `${entry.note}; ${left} more rules, none of them nearer` };
}

function denyEntry(policy: CompiledPolicy, tried: readonly TriedRule[], facts: RequestFacts): TrailEntry {
  const home = policy.target.namespace;
  if (policy.deny.policies.length === 0) {
    return { phase: 'deny', outcome: 'skipped', note: 'no DENY policy applies', rules: [] };
  }
  const hit = tried.find((one) => one.matched);
  const rules = tried.map((one) => ruleTrail(one, facts));
  if (hit) return { phase: 'deny', outcome: 'denied', note: `${ruleName(hit.rule.ref)} matches`, rules };
  const notes = tried.map((one) => whyNot(one, facts, home));
  return {
    phase: 'deny',
    outcome: 'passed',
    note: notes.join('; ') || 'the DENY policies have no rules',
    rules,
  };
}

function allowEntry(
  policy: CompiledPolicy,
  tried: readonly TriedRule[],
  decision: Decision,
  facts: RequestFacts,
): TrailEntry {
  if (decision.phase === 'deny')
    return { phase: 'allow', outcome: 'skipped', note: 'not reached', rules: [] };
  const count = policy.allow.policies.length;
  if (count === 0) {
    return {
      phase: 'allow',
      outcome: 'skipped',
      note: 'no ALLOW policy applies: allowed by default',
      rules: [],
    };
  }
  const rules = tried.map((one) => ruleTrail(one, facts));
  const hit = tried.find((one) => one.matched);
  if (hit) return { phase: 'allow', outcome: 'passed', note: `${ruleName(hit.rule.ref)} matches`, rules };
  return {
    phase: 'allow',
    outcome: 'denied',
    note: `0 of ${counted(count, 'policy', 'policies')} matched`,
    rules,
  };
}

/** `block-admin[0]: path /admin/ is not /admin`: how holes look. */
function whyNot(tried: TriedRule, facts: RequestFacts, home: string): string {
  const name = ruleName(tried.rule.ref);
  if (tried.rule.dropped !== null) return `${name}: ${tried.rule.dropped}`;
  const failed = tried.clauses.filter((one) => !one.matched);
  const reasons = failed.map(({ clause }) => {
    const not = clause.negated ? 'is excluded by' : 'is not';
    return `${gotPhrase(clause, facts, home)} ${not} ${wantedPhrase(clause, home)}`;
  });
  return `${name}: ${listed(reasons, 'and')}`;
}
