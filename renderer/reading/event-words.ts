/** A traffic event in words: its verdict as a tag, what was asked, and why, in one line. */
import type { Decision, RuleRef } from '../../model/decision.ts';
import type { PeerRef, TrafficEvent } from '../../model/traffic-event.ts';

/** `warn` is amber: turned away for a reason that is no denial by policy. */
export type Tone = 'allow' | 'deny' | 'warn' | 'info' | 'quiet';

export interface VerdictWords {
  tone: Tone;
  word: string;
}

/** What a route did instead of sending the request on, by reason; of other reasons there was no route. */
const ROUTE_WORDS: ReadonlyMap<string, string> = new Map([
  ['fault-abort', 'fault'],
  ['https-redirect', 'redirected'],
  ['route-redirect', 'redirected'],
  ['route-response', 'answered'],
  ['cors-preflight', 'answered'],
]);

/** The verdict as a person says it. */
export function verdictWords(decision: Decision): VerdictWords {
  if (decision.verdict === 'allow') return { tone: 'allow', word: 'allowed' };
  switch (decision.phase) {
    case 'jwt':
      return { tone: 'warn', word: 'rejected' };
    case 'rate-limit':
      return { tone: 'warn', word: 'limited' };
    case 'upstream':
      return { tone: 'warn', word: 'failed' };
    case 'route':
      return { tone: 'warn', word: ROUTE_WORDS.get(decision.reason) ?? 'no route' };
    default:
      return { tone: 'deny', word: 'denied' };
  }
}

/** `sa/web` of a SPIFFE id, whatever its trust domain; the id itself where it has another form. */
export function shortIdentity(spiffeId: string): string {
  return /\/(sa\/[^/]+)$/.exec(spiffeId)?.[1] ?? spiffeId;
}

/** Who that is: workload, else identity, else address. */
export function peerName(peer: PeerRef): string {
  return peer.workload ?? (peer.spiffeId ? shortIdentity(peer.spiffeId) : peer.ip || 'unknown');
}

/** `head read at 20 µs · decided at 110 µs · answer begun at 900 µs`, from the first byte on; null = not measured. */
export function phases({ timing }: TrafficEvent): string | null {
  if (timing === undefined) return null;
  const { headMicros, decidedMicros, upstreamMicros } = timing;
  return `head read at ${headMicros} µs · decided at ${decidedMicros} µs · answer begun at ${upstreamMicros} µs`;
}

/** `POST /charge`, `TLS handshake`. */
export function asked(event: TrafficEvent): string {
  if (event.request) return `${event.request.method} ${event.request.path}`;
  switch (event.kind) {
    case 'handshake':
      return 'TLS handshake';
    case 'connection':
      return 'connection';
    case 'proxy':
      return 'sidecar';
    case 'tcp':
      return 'TCP stream';
    case 'http':
      return 'request without a readable head';
  }
}

/** `payments-from-orders[0]`. */
export function ruleName(ref: RuleRef): string {
  return ref.rule === null ? ref.name : `${ref.name}[${ref.rule}]`;
}

const REASONS: Readonly<Record<string, string>> = {
  'plaintext-on-strict': 'plaintext on a STRICT port',
  'unknown-authority': 'certificate of an unknown CA',
  'no-client-certificate': 'no client certificate',
  'certificate-required': 'no client certificate',
  'foreign-trust-domain': 'certificate of another trust domain',
  expired: 'certificate expired',
};

/** A stable reason code in words. */
export function reasonWords(reason: string): string {
  return REASONS[reason] ?? reason.replaceAll('-', ' ');
}

/** `from.source.principals` as the table's narrow column takes it. */
export function shortField(field: string): string {
  return field.replace(/^(from|to)(\[\d+\])?\.(source|operation)\./, '');
}

/** Two long names without the beginning that they share: `…/sa/orders` and `…/sa/inventory`. */
export function withoutShared(wanted: string, got: string): [string, string] {
  let shared = 0;
  while (shared < Math.min(wanted.length, got.length) && wanted[shared] === got[shared]) shared += 1;
  const segment = wanted.lastIndexOf('/', wanted.lastIndexOf('/', shared - 1) - 1);
  if (segment < 8 || wanted === got) return [wanted, got];
  return [`…${wanted.slice(segment)}`, `…${got.slice(segment)}`];
}

/** The last column: which rule, or what was missing. */
export function why(event: TrafficEvent): string {
  const { decision, explanation } = event;
  if (decision.matched && decision.matched.action !== 'mtls') return ruleName(decision.matched);
  if (decision.verdict === 'allow') {
    return decision.phase === 'default' ? 'no policy applies' : reasonWords(decision.reason);
  }
  if (explanation?.nearest && decision.phase === 'allow') {
    const missed = explanation.nearest.clauses.filter((clause) => !clause.matched);
    const fields = missed.map((clause) => shortField(clause.field)).join(', ');
    return `no ALLOW matched · nearest ${ruleName(explanation.nearest.ref)}: ${fields || 'no clause'}`;
  }
  if (decision.phase === 'mtls') return `mTLS: ${reasonWords(decision.reason)}`;
  return reasonWords(decision.reason);
}
