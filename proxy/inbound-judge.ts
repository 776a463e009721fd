/**
 * The one policy call of inbound requests, whatever lane and protocol they came by: the decision, what must be told
 * beside it, and why, on demand. A port on which somebody has to be asked first answers later; all others at once.
 */
import type { Decision, Explanation, Finding } from '../model/decision.ts';
import type { HttpFacts, RequestFacts, TokenClaims } from '../model/request-facts.ts';
import { decide } from '../policy/decide.ts';
import { explain } from '../policy/explain.ts';
import { findingsFor } from '../policy/findings.ts';
import { authenticate } from '../policy/tokens/authenticate.ts';
import { afterTokens, type TokenFacts } from '../policy/tokens/token-facts.ts';
import { tokenFindings } from '../policy/tokens/token-findings.ts';
import type { Source } from './connection-table.ts';
import type { Core } from './core.ts';
import { connectionFacts, type InboundConnection, type InboundPlace } from './inbound-connection.ts';
import { withForwardedClientCert, withRequestDefaults } from './request-headers.ts';
import { verificationBy } from './token-verification.ts';

/** What was decided of a request. */
export interface Judgement {
  decision: Decision;
  /** The request's own; the connection's are `connectionFindings`. */
  findings: readonly Finding[];
  /** As the application gets it: tokens taken out where a rule says so. */
  http: HttpFacts;
  /** Claims of the token that counts; absent where no rule looks at tokens. */
  claims?: TokenClaims | null;
  /** Why; worth computing for a denial, or when somebody asks. */
  explain(): Explanation;
}

/** Who asks, where. */
export interface Bench {
  core: Core;
  place: InboundPlace;
  connection: InboundConnection;
  source: Source;
}

/** A request's end-to-end fields as its filters and the application see them. */
export function inboundHeaders(
  headers: readonly [string, string][],
  place: InboundPlace,
  connection: InboundConnection,
): [string, string][] {
  return withForwardedClientCert(
    withRequestDefaults(headers, connection.mtls ? 'https' : 'http'),
    place.instance.spiffeId,
    connection.client,
  );
}

/** Whether requests at this port are judged without asking anybody, which `judgeAtOnce` needs. */
export function isJudgedAtOnce({ port }: InboundPlace): boolean {
  return port.policy.jwt.rules.length === 0;
}

/** Judges by the policies alone; a port that wants tokens lets nothing through here. */
export function judgeAtOnce({ place, connection, source }: Bench, http: HttpFacts): Judgement {
  return judged(place, { connection: connectionFacts(place, connection, source), http }, undefined);
}

/** Judges in full: tokens first where a rule looks at them. */
export async function judgeInbound(bench: Bench, http: HttpFacts): Promise<Judgement> {
  const { core, place, connection, source } = bench;
  if (isJudgedAtOnce(place)) return judgeAtOnce(bench, http);
  const verification = verificationBy(place.inForce.snapshot, core.signatures);
  const tokens = await authenticate(place.port.policy.jwt, http, verification);
  return judged(place, { connection: connectionFacts(place, connection, source), http }, tokens);
}

function judged(
  { port: { policy } }: InboundPlace,
  asSent: RequestFacts & { http: HttpFacts },
  tokens: TokenFacts | undefined,
): Judgement {
  const decision = decide(policy, asSent, tokens);
  const facts = tokens === undefined ? asSent : afterTokens(asSent, tokens);
  return {
    decision,
    findings: [...findingsFor(policy, facts, decision), ...tokenFindings(tokens, decision)],
    http: facts.http ?? asSent.http,
    ...(tokens === undefined ? {} : { claims: tokens.claims }),
    explain: () => explain(policy, facts, decision, tokens),
  };
}
