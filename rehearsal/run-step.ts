/**
 * Runs one step: makes the attack ready, launches it as often as asked, finds the sidecar's decision, questions the
 * witness, compares. Whatever goes wrong on our side makes the step `errored`, never `passed`.
 */
import type { Finding } from '../model/decision.ts';
import { messageOf } from '../model/message-of.ts';
import type { AssertionResult, StepReport } from '../model/rehearsal-report.ts';
import type { Session } from '../mesh/session.ts';
import { launch, prepareHttp, prepareTls, type Attack, type Progress } from './attack.ts';
import { prepareAtGateway, prepareTlsAtGateway } from './attack-at-gateway.ts';
import type { AttackAnswer } from './attackers/exchange.ts';
import { parseDuration } from './duration.ts';
import {
  assertsNothing,
  claimsBlocked,
  compareExpectations,
  needsWitness,
  ruleName,
  type Observation,
} from './expectations.ts';
import { awaitJudgement, eventsOf, type JudgedEvents } from './judged-events.ts';
import { StepError } from './places.ts';
import type { StepPlan } from './step-plan.ts';
import { callWitnesses, type Testify, UnwitnessedError } from './witnesses/testify.ts';
import { MARK_HEADER, markHeaders, type Testimony } from './witnesses/witness.ts';

export interface StepContext {
  session: Session;
  /** `run/scenario`; events of the step carry it with the step's id behind it. */
  tag: string;
  now: () => number;
  /** When the scenario started. */
  startedAt: number;
  /** A new mark, unguessable and not to be found in any log by chance. */
  newMark: () => string;
  /** Aborted when that time is over. */
  timeoutAfter: (ms: number) => AbortSignal;
}

interface Attempt {
  answer: AttackAnswer;
  judged: JudgedEvents;
}

function describePlan(plan: StepPlan): Pick<StepReport, 'kind' | 'from' | 'to' | 'sent'> {
  const { step } = plan;
  return 'http' in step
    ? { kind: 'http', from: step.http.from, to: step.http.to, sent: `${step.http.method} ${step.http.path}` }
    : {
        kind: 'tls',
        from: step.tls.from ?? null,
        to: step.tls.to,
        sent: `TLS handshake, certificate ${step.tls.certificate}`,
      };
}

function startReport(context: StepContext, plan: StepPlan): StepReport {
  return {
    id: plan.id,
    phase: plan.phase,
    ...describePlan(plan),
    verdict: 'errored',
    message: null,
    assertions: [],
    witness: null,
    decision: null,
    explanation: null,
    findings: [],
    events: [],
    startedMs: context.now() - context.startedAt,
    durationMs: 0,
    at: plan.at,
  };
}

/** A step that wasn't run, and why. */
export function skipStep(context: StepContext, plan: StepPlan, why: string): StepReport {
  return { ...startReport(context, plan), verdict: 'skipped', message: why };
}

/** What a reader must know first: for an attack that got through, the request and the rule that let it in. */
function describeFailure(attack: Attack, plan: StepPlan, seen: Observation, failed: AssertionResult): string {
  const who = attack.from?.name ?? 'an attacker';
  const { decision } = seen;
  if (claimsBlocked(plan.step.expect) && decision.verdict === 'allow') {
    const at = decision.matched ? ` (${decision.matched.at.file}:${decision.matched.at.line})` : '';
    const why = decision.matched
      ? `${decision.matched.action} ${ruleName(decision)}${at} let it in`
      : `no rule stood in its way (${decision.reason})`;
    return `${attack.sent} of ${who} got through to ${attack.to.name}: ${why}`;
  }
  if (claimsBlocked(plan.step.expect) && seen.testimony?.report.arrived) {
    return `${attack.sent} of ${who} was denied, and yet ${attack.to.name} received it`;
  }
  return `${failed.what}: wanted ${failed.wanted}, got ${failed.got}`;
}

/** The first attempt that differs from what was expected, or the last one. */
function judge(
  plan: StepPlan,
  attempts: readonly Attempt[],
  testimony: Testimony | null,
): { seen: Observation; assertions: AssertionResult[]; attempt: Attempt } {
  const remedy = plan.advice?.remedy ?? null;
  const judged = attempts.map((attempt) => {
    const { decision } = attempt.judged.decisive;
    const findings = attempt.judged.all.flatMap((event) => event.findings);
    const seen: Observation = {
      answer: attempt.answer,
      decision,
      findings,
      testimony,
      remedy,
      references: plan.references,
    };
    return { seen, attempt, assertions: compareExpectations(plan.step.expect, seen, plan.placeOf) };
  });
  const worst = judged.find(({ assertions }) => assertions.some((each) => !each.passed)) ?? judged.at(-1);
  if (!worst) throw new StepError('nothing was sent');
  return worst;
}

function uniqueFindings(findings: readonly Finding[], advice: Finding | null): Finding[] {
  const known =
    advice && !findings.some((each) => each.code === advice.code) ? [...findings, advice] : findings;
  return [...new Map(known.map((each) => [`${each.code} ${each.message}`, each])).values()];
}

function prepare(session: Session, step: StepPlan['step']): Promise<Attack> {
  if ('tls' in step) {
    const { gateway } = step.tls;
    return gateway === undefined
      ? prepareTls(session, step.tls)
      : prepareTlsAtGateway(session, { ...step.tls, gateway });
  }
  const { gateway } = step.http;
  return gateway === undefined
    ? prepareHttp(session, step.http)
    : prepareAtGateway(session, { ...step.http, gateway });
}

async function attempt(
  context: StepContext,
  plan: StepPlan,
  report: StepReport,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const { session } = context;
  const { step } = plan;
  if (assertsNothing(step.expect))
    throw new StepError('the step asserts nothing, so it would pass whatever happens');
  const attack = await prepare(session, step);
  Object.assign(report, { sent: attack.sent, from: attack.from?.name ?? null, to: attack.to.name });
  const tag = `${context.tag}/${plan.id}`;
  const ownHeaders = Object.keys(attack.request.headers);
  if (ownHeaders.some((name) => name.toLowerCase() === MARK_HEADER))
    throw new StepError(
      `${MARK_HEADER} is the rehearsal's own header: a step that sets it would hide from its witness`,
    );
  const marks = { step: context.newMark(), before: context.newMark(), after: context.newMark() };
  let testify: Testify | null = null;
  if (needsWitness(step.expect)) {
    progress.waitingFor = `the witness of ${attack.to.id}`;
    const { target } = attack.request;
    const question = { workload: attack.to, port: attack.port.targetPort, marks, ownHeaders, target };
    testify = await callWitnesses(session, question, signal);
  }
  // Another step may have had the same name: what it caused is not this one's.
  const earlier = eventsOf(session, tag, 0).at(-1)?.id ?? 0;
  const attempts: Attempt[] = [];
  const repeat = 'http' in step ? step.http.repeat : 1;
  for (let done = 0; done < repeat; done += 1) {
    const answer = await launch(
      session,
      attack,
      { tag, headers: markHeaders(marks.step, ownHeaders) },
      progress,
      signal,
    );
    progress.waitingFor = `the event of ${attack.to.id}'s sidecar`;
    const after = attempts.at(-1)?.judged.all.at(-1)?.id ?? earlier;
    const judged = await awaitJudgement(
      session,
      { tag, after, to: attack.to, through: attack.through, gateway: attack.gateway },
      signal,
    );
    attempts.push({ answer, judged });
    const { decisive } = judged;
    report.decision = decisive.decision;
    report.events = eventsOf(session, tag, earlier).map((event) => event.id);
  }
  let testimony: Testimony | null = null;
  if (testify) {
    progress.waitingFor = `the witness of ${attack.to.id}`;
    testimony = await testify(signal);
    report.witness = testimony.report;
  }
  const { seen, assertions, attempt: worst } = judge(plan, attempts, testimony);
  const failed = assertions.find((each) => !each.passed);
  const { decisive } = worst.judged;
  Object.assign(report, {
    verdict: failed ? 'failed' : 'passed',
    message: failed ? describeFailure(attack, plan, seen, failed) : null,
    assertions,
    decision: decisive.decision,
    explanation: decisive.explanation ?? session.explain(decisive.id),
    findings: uniqueFindings(seen.findings, failed ? null : plan.advice),
  } satisfies Partial<StepReport>);
}

function waitedFor(error: UnwitnessedError, timeout: AbortSignal, { step }: StepPlan): string {
  return timeout.aborted ? `${error.message} (a wait of ${step.timeout}, the step's timeout)` : error.message;
}

/** Runs `plan`; resolves with its report in any case. `signal` interrupts it. */
export async function runStep(
  context: StepContext,
  plan: StepPlan,
  signal: AbortSignal,
): Promise<StepReport> {
  const report = startReport(context, plan);
  const progress: Progress = { waitingFor: 'the attack to be ready' };
  const timeout = context.timeoutAfter(parseDuration(plan.step.timeout));
  try {
    await attempt(context, plan, report, progress, AbortSignal.any([signal, timeout]));
  } catch (error) {
    if (signal.aborted) Object.assign(report, { verdict: 'interrupted', message: 'interrupted' });
    // A log is waited for until the step's time is over; what it didn't show says more than the time.
    else if (error instanceof UnwitnessedError) report.message = waitedFor(error, timeout, plan);
    else if (timeout.aborted)
      report.message = `timed out after ${plan.step.timeout}, waiting for ${progress.waitingFor}`;
    else report.message = messageOf(error);
  }
  report.durationMs = context.now() - context.startedAt - report.startedMs;
  return report;
}
