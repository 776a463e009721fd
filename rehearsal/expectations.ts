/** Compares what a step expects with what was observed. Pure: an observation in, assertions out. */
import type { Decision, Finding } from '../model/decision.ts';
import type { Position } from '../model/problem.ts';
import type { AssertionResult } from '../model/rehearsal-report.ts';
import type { Expect } from '../model/scenario.ts';
import type { AttackAnswer } from './attackers/exchange.ts';
import type { Testimony } from './witnesses/witness.ts';

export interface Observation {
  answer: AttackAnswer;
  decision: Decision;
  findings: readonly Finding[];
  /** null where nothing asked for a witness. */
  testimony: Testimony | null;
  /** What info says closes the hole, if it says so. */
  remedy: string | null;
  /** Attacks that the scenario is about; empty = it doesn't say. */
  references: readonly string[];
}

/** Place of a key of `expect`. */
export type PlaceOf = (...path: (string | number)[]) => Position;

const SHOWN_BODY = 200;

/** Whether the step claims that nothing arrived, so that a witness must prove it. */
export function claimsBlocked(expect: Expect): boolean {
  return expect.decision === 'deny' || expect.upstream === 'untouched' || expect.outcome === 'blocked';
}

/** Whether a witness has to be questioned at all. */
export function needsWitness(expect: Expect): boolean {
  const letIn = expect.outcome === 'istio-allows' || expect.outcome === 'not-covered';
  return claimsBlocked(expect) || letIn || expect.upstream !== undefined || expect.upstreamPath !== undefined;
}

/** `billing/payments-charge[0]` as the report names a rule. */
export function ruleName(decision: Decision): string {
  const { matched } = decision;
  if (!matched) return 'none';
  return `${matched.namespace}/${matched.name}${matched.rule === null ? '' : `[${matched.rule}]`}`;
}

function isNamed(wanted: string, decision: Decision): boolean {
  const { matched } = decision;
  if (!matched) return false;
  const rule = matched.rule === null ? '' : `[${matched.rule}]`;
  const full = `${matched.namespace}/${matched.name}`;
  return [matched.name, full, `${matched.name}${rule}`, `${full}${rule}`].includes(wanted);
}

function answered(answer: AttackAnswer): string {
  if (answer.kind === 'response') return String(answer.response.status);
  if (answer.kind === 'malformed') return `a malformed response: ${answer.why}`;
  return `connection closed${answer.error === null ? '' : ` (${answer.error})`}`;
}

function shorten(text: string): string {
  return text.length > SHOWN_BODY ? `${text.slice(0, SHOWN_BODY)}…` : text;
}

class Comparison {
  readonly results: AssertionResult[] = [];
  readonly #placeOf: PlaceOf;

  constructor(placeOf: PlaceOf) {
    this.#placeOf = placeOf;
  }

  add(what: string, path: (string | number)[], wanted: string, got: string, passed = wanted === got): void {
    this.results.push({ what, wanted, got, passed, at: this.#placeOf(...path) });
  }
}

/** A request that failed on its way wasn't refused: nobody judged that it may not arrive. */
function isRefused({ verdict, phase }: Decision): boolean {
  return verdict === 'deny' && phase !== 'upstream';
}

function compareDecision(compare: Comparison, expect: Expect, decision: Decision): void {
  if (expect.decision !== undefined) {
    const lost = decision.verdict === 'deny' && !isRefused(decision) && expect.phase === undefined;
    const got = lost ? `no denial: the upstream failed (${decision.reason})` : decision.verdict;
    compare.add('decision', ['decision'], expect.decision, got);
  }
  if (expect.phase !== undefined) compare.add('phase', ['phase'], expect.phase, decision.phase);
  if (expect.policy !== undefined)
    compare.add('policy', ['policy'], expect.policy, ruleName(decision), isNamed(expect.policy, decision));
  if (expect.tls?.error !== undefined)
    compare.add(
      'tls.error',
      ['tls', 'error'],
      expect.tls.error,
      decision.phase === 'mtls' ? decision.reason : 'none',
    );
}

function compareAnswer(compare: Comparison, expect: Expect, answer: AttackAnswer): void {
  if (expect.status !== undefined) compare.add('status', ['status'], String(expect.status), answered(answer));
  const response = answer.kind === 'response' ? answer.response : null;
  for (const [name, wanted] of Object.entries(expect.headers ?? {})) {
    const values =
      response?.headers.filter(([each]) => each === name.toLowerCase()).map(([, value]) => value) ?? [];
    compare.add(
      `headers[${name}]`,
      ['headers', name],
      wanted,
      values.join(', ') || 'none',
      values.includes(wanted),
    );
  }
  const body = response?.body.toString('utf8') ?? '';
  const { contains, equals } = expect.body ?? {};
  if (contains !== undefined)
    compare.add(
      'body.contains',
      ['body', 'contains'],
      contains,
      shorten(body),
      response !== null && body.includes(contains),
    );
  if (equals !== undefined)
    compare.add(
      'body.equals',
      ['body', 'equals'],
      equals,
      shorten(body),
      response !== null && body === equals,
    );
}

function compareUpstream(compare: Comparison, expect: Expect, testimony: Testimony): void {
  const wanted = expect.upstream ?? (claimsBlocked(expect) ? 'untouched' : undefined);
  const first = testimony.requests[0];
  const got = testimony.report.arrived ? 'reached' : 'untouched';
  if (wanted !== undefined) compare.add('upstream', ['upstream'], wanted, got);
  if (expect.upstreamPath !== undefined)
    compare.add('upstreamPath', ['upstreamPath'], expect.upstreamPath, first?.path ?? 'nothing arrived');
}

function reachedOrFailed({ decision }: Observation, { report }: Testimony): string {
  return decision.verdict === 'deny' && !report.arrived
    ? 'nobody refused it, the upstream failed'
    : 'let through';
}

/** `istio-allows` holds only when the attack really got through and the report can say what to do about it. */
function compareOutcome(compare: Comparison, expect: Expect, seen: Observation, testimony: Testimony): void {
  if (expect.outcome === undefined) return;
  const blocked = isRefused(seen.decision) && !testimony.report.arrived;
  if (expect.outcome === 'blocked') {
    compare.add('outcome', ['outcome'], 'blocked', blocked ? 'blocked' : reachedOrFailed(seen, testimony));
    return;
  }
  const through = seen.decision.verdict === 'allow' && testimony.report.arrived;
  // A finding about another attack says nothing of this one.
  const about = ({ attack }: Finding): boolean =>
    attack === undefined || seen.references.length === 0 || seen.references.includes(attack);
  const advised =
    seen.remedy !== null ||
    seen.findings.some((finding) => finding.code === expect.outcome && about(finding));
  const got = !through
    ? 'blocked'
    : advised
      ? expect.outcome
      : 'let through, without a finding or info.remedy that says what to do';
  compare.add('outcome', ['outcome'], expect.outcome, got);
}

/** Every assertion of `expect`, in the order of the report. A claim that needs a testimony must have one. */
export function compareExpectations(expect: Expect, seen: Observation, placeOf: PlaceOf): AssertionResult[] {
  const compare = new Comparison(placeOf);
  compareDecision(compare, expect, seen.decision);
  compareAnswer(compare, expect, seen.answer);
  if (needsWitness(expect)) {
    if (!seen.testimony) throw new Error('a claim about the upstream without a testimony');
    compareUpstream(compare, expect, seen.testimony);
    compareOutcome(compare, expect, seen, seen.testimony);
  }
  return compare.results;
}

/** Whether `expect` says anything at all. */
export function assertsNothing(expect: Expect): boolean {
  const { tls, body, headers, ...rest } = expect;
  const nested = tls?.error ?? body?.contains ?? body?.equals;
  return (
    nested === undefined &&
    Object.keys(headers ?? {}).length === 0 &&
    Object.values(rest).every((value) => value === undefined)
  );
}
