/**
 * Builds a `TrafficEvent` in one place, with what must not be recorded taken out: credentials in headers, and the
 * same credentials where an explanation quotes them.
 */
import type { Decision, Explanation, Finding, Phase, RuleTrail } from '../model/decision.ts';
import type { HeaderList } from '../model/request-facts.ts';
import type { PeerRef, TlsFacts, TrafficEvent } from '../model/traffic-event.ts';

const REDACTED = '[redacted]';
const CREDENTIALS = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie'];

/** Headers as they may be recorded. */
export function redactHeaders(headers: HeaderList): HeaderList {
  return headers.map(([name, value]) => (CREDENTIALS.includes(name) ? [name, REDACTED] : [name, value]));
}

function redactRule(rule: RuleTrail): RuleTrail {
  return {
    ...rule,
    clauses: rule.clauses.map((clause) => {
      const field = clause.field.toLowerCase();
      const secret =
        clause.got !== null && CREDENTIALS.some((name) => field.includes(`request.headers[${name}]`));
      return secret ? { ...clause, got: REDACTED } : clause;
    }),
  };
}

/** An explanation as it may be recorded. */
export function redactExplanation(explanation: Explanation, headers: HeaderList): Explanation {
  const redacted: Explanation = {
    sentence: explanation.sentence,
    trail: explanation.trail.map((entry) => ({ ...entry, rules: entry.rules.map(redactRule) })),
    nearest: explanation.nearest === null ? null : redactRule(explanation.nearest),
  };
  // Sentences and notes may quote a value too; a value is only a few bytes away from its header.
  const secrets = headers
    .filter(([name, value]) => CREDENTIALS.includes(name) && value !== '')
    .map(([, value]) => value);
  if (secrets.length === 0) return redacted;
  const clean = (text: string): string =>
    secrets.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
  return {
    ...redacted,
    sentence: clean(redacted.sentence),
    trail: redacted.trail.map((entry) => ({ ...entry, note: clean(entry.note) })),
  };
}

/** Facts of an event; what is left out is null, empty or now. */
export interface EventFacts {
  kind: TrafficEvent['kind'];
  direction: TrafficEvent['direction'];
  owner: string;
  /** Wall clock at the first byte. */
  at: number;
  from: PeerRef;
  to: PeerRef;
  decision: Decision;
  snapshotVersion: number;
  tls?: TlsFacts | null;
  request?: TrafficEvent['request'];
  response?: TrafficEvent['response'];
  explanation?: Explanation | null;
  findings?: readonly Finding[];
  requestId?: string | null;
  tag?: string | null;
}

const BEFORE_POLICY: Partial<Record<Phase, string>> = {
  mtls: 'The connection was refused before a request was read',
  codec: 'The message was refused before any policy was asked',
  normalization: 'The path could not be normalized, so no policy was asked',
  egress: 'It was not let out of the mesh',
  upstream: 'No policy refused it; the other side could not answer',
};

/** A denial that no policy made still says why. */
function explainWithoutPolicy({ decision, to, request = null }: EventFacts): Explanation | null {
  const start = BEFORE_POLICY[decision.phase];
  if (decision.verdict === 'allow' || start === undefined) return null;
  const aim = decision.phase === 'egress' ? ` (${request?.host || to.ip}:${to.port ?? ''})` : '';
  const note = decision.reason.replaceAll('-', ' ');
  return {
    sentence: `${start}${aim}: ${note}.`,
    trail: [{ phase: decision.phase, outcome: 'denied', note, rules: [] }],
    nearest: null,
  };
}

/** The event, redacted and unnumbered. */
export function makeEvent(facts: EventFacts): TrafficEvent {
  const { request = null, response = null } = facts;
  const explanation = facts.explanation ?? explainWithoutPolicy(facts);
  return {
    id: 0,
    kind: facts.kind,
    direction: facts.direction,
    owner: facts.owner,
    at: facts.at,
    durationMs: Math.max(0, Date.now() - facts.at),
    from: facts.from,
    to: facts.to,
    tls: facts.tls ?? null,
    request: request === null ? null : { ...request, headers: redactHeaders(request.headers) },
    response: response === null ? null : { ...response, headers: redactHeaders(response.headers) },
    decision: facts.decision,
    explanation: explanation === null ? null : redactExplanation(explanation, request?.headers ?? []),
    findings: facts.findings ?? [],
    snapshotVersion: facts.snapshotVersion,
    requestId: facts.requestId ?? null,
    tag: facts.tag ?? null,
  };
}
