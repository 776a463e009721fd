/**
 * Builds a `TrafficEvent` in one place, with what must not be recorded taken out: credentials in headers, and the
 * same credentials where an explanation quotes them.
 */
import type { Decision, Explanation, Finding, Phase, RuleTrail } from '../model/decision.ts';
import type { HeaderList } from '../model/request-facts.ts';
import type { PeerRef, RouteFacts, TlsFacts, TrafficEvent } from '../model/traffic-event.ts';
import { CREDENTIAL_FIELDS } from '../wire/credential-fields.ts';
import { hideTokens, mayHoldToken } from './hide-tokens.ts';
import { elapsedMs, type Moment } from './moment.ts';

const REDACTED = '[redacted]';
/** Names of query parameters that carry a credential. */
const SECRET_PARAMETER =
  /([?&](?:access_token|id_token|refresh_token|client_secret|api_?key|password|token)=)([^&#]*)/gi;

/** Headers as they may be recorded. */
export function redactHeaders(headers: HeaderList): HeaderList {
  return headers.map(([name, value]) =>
    CREDENTIAL_FIELDS.includes(name) ? [name, REDACTED] : [name, hideTokens(value)],
  );
}

/** By their length: most names have another. */
const CREDENTIALS_OF_LENGTH: readonly (readonly string[] | null)[] = Array.from(
  { length: 32 },
  (_, length) => {
    const names = CREDENTIAL_FIELDS.filter((name) => name.length === length);
    return names.length === 0 ? null : names;
  },
);

/**
 * Whether there may be something to hide in a head, of which `headers` are the fields and `path` the target's: a
 * `false` is sure, and cheap.
 */
export function mayHoldCredentials(head: string, path: string, headers: HeaderList): boolean {
  for (const [name] of headers) if (CREDENTIALS_OF_LENGTH[name.length]?.includes(name) === true) return true;
  return mayHoldToken(head) || (path.includes('?') && path.search(SECRET_PARAMETER) >= 0);
}

/** A path as it may be recorded: the query may hold a token. */
export function redactPath(path: string): string {
  return hideTokens(path.replace(SECRET_PARAMETER, `$1${REDACTED}`));
}

type Clean = (text: string) => string;

function redactRule(rule: RuleTrail, clean: Clean): RuleTrail {
  return {
    ...rule,
    clauses: rule.clauses.map((clause) => {
      if (clause.got === null) return clause;
      const field = clause.field.toLowerCase();
      const secret = CREDENTIAL_FIELDS.some((name) => field.includes(`request.headers[${name}]`));
      return { ...clause, got: secret ? REDACTED : clean(clause.got) };
    }),
  };
}

/** What must not be seen of a request, as it stands in the request. */
function secretsOf({
  headers,
  path,
  rawPath,
}: Pick<RecordedRequest, 'headers' | 'path' | 'rawPath'>): string[] {
  return [
    ...headers.filter(([name]) => CREDENTIAL_FIELDS.includes(name)).map(([, value]) => value),
    ...[...`${rawPath} ${path}`.matchAll(SECRET_PARAMETER)].map((found) => found[2] ?? ''),
  ].filter((value) => value !== '');
}

type RecordedRequest = NonNullable<TrafficEvent['request']>;

/** An explanation as it may be recorded: sentences, notes and clauses may quote a value. */
export function redactExplanation(explanation: Explanation, request: RecordedRequest | null): Explanation {
  const secrets = request === null ? [] : secretsOf(request);
  const clean: Clean = (text) =>
    hideTokens(secrets.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text));
  return {
    sentence: clean(explanation.sentence),
    trail: explanation.trail.map((entry) => ({
      ...entry,
      note: clean(entry.note),
      rules: entry.rules.map((rule) => redactRule(rule, clean)),
    })),
    nearest: explanation.nearest === null ? null : redactRule(explanation.nearest, clean),
  };
}

function redactRequest(request: RecordedRequest): RecordedRequest {
  const { headers, path, rawPath } = request;
  return {
    ...request,
    headers: redactHeaders(headers),
    path: redactPath(path),
    rawPath: redactPath(rawPath),
  };
}

/** Facts of an event; what is left out is null, empty or now. */
export interface EventFacts {
  kind: TrafficEvent['kind'];
  direction: TrafficEvent['direction'];
  owner: string;
  /** Of the first byte. */
  at: Moment;
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
  route?: RouteFacts | null;
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
    at: facts.at.wallMs,
    durationMs: elapsedMs(facts.at),
    from: facts.from,
    to: facts.to,
    tls: facts.tls ?? null,
    request: request === null ? null : redactRequest(request),
    response: response === null ? null : { ...response, headers: redactHeaders(response.headers) },
    ...(facts.route ? { route: facts.route } : {}),
    decision: facts.decision,
    explanation: explanation === null ? null : redactExplanation(explanation, request),
    findings: facts.findings ?? [],
    snapshotVersion: facts.snapshotVersion,
    requestId: facts.requestId ?? null,
    tag: facts.tag ?? null,
  };
}
