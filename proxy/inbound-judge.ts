/**
 * The one policy call of inbound requests, whatever lane and protocol they came by: the decision, what must be told
 * beside it, and why, on demand. A port on which somebody has to be asked first answers later; all others at once.
 */
import type { Decision, Explanation, Finding } from '../model/decision.ts';
import type { HeaderList, HttpFacts, RequestFacts, TokenClaims } from '../model/request-facts.ts';
import type { CompiledPolicy } from '../policy/compiled-policy.ts';
import { explain } from '../policy/explain.ts';
import { findingsFor } from '../policy/findings.ts';
import { decided, decideHttp, type Judged } from '../policy/decide-http.ts';
import { tokenFindings } from '../policy/tokens/token-findings.ts';
import { sidecarHeaders } from '../wire/connection-manager-headers.ts';
import { authorizeBy } from './authorizer/authorize.ts';
import type { Source } from './connection-table.ts';
import type { Core } from './core.ts';
import { connectionFacts, type InboundConnection, type InboundPlace } from './inbound-connection.ts';
import { withRequestId } from './request-headers.ts';
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
  /** What an external authorizer wants the client to be told, whatever becomes of the request. */
  responseHeaders: HeaderList;
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
  const { mtls: tls, client } = connection;
  return withRequestId(sidecarHeaders(headers, { ownSpiffeId: place.instance.spiffeId, tls, client }));
}

/** Whether requests at this port are judged without asking anybody, which `judgeAtOnce` needs. */
export function isJudgedAtOnce({ port }: InboundPlace): boolean {
  return port.policy.jwt.rules.length === 0 && port.policy.custom === null;
}

/** Judges by the policies alone; a port that wants tokens, or somebody asked, lets nothing through here. */
export function judgeAtOnce({ place, connection, source }: Bench, http: HttpFacts): Judgement {
  return judgeFacts(place, { connection: connectionFacts(place, connection, source), http });
}

/** The same, where the facts of the connection are kept from request to request. */
export function judgeFacts(place: InboundPlace, facts: RequestFacts & { http: HttpFacts }): Judgement {
  return judgementOf(place, decided(place.port.policy, facts), facts.http);
}

/** Judges in full: the authorizer first, then tokens, where a rule wants them. */
export async function judgeInbound(bench: Bench, http: HttpFacts): Promise<Judgement> {
  const { core, place, connection, source } = bench;
  if (isJudgedAtOnce(place)) return judgeAtOnce(bench, http);
  const facts = { connection: connectionFacts(place, connection, source), http };
  const { inForce, instance, port } = place;
  const asking = {
    core,
    inForce,
    instance,
    source: { address: source.ip, port: connection.endpoints.remotePort, principal: connection.spiffeId },
    port: port.port,
    scheme: connection.mtls ? ('https' as const) : ('http' as const),
    protocol: http.protocol,
  };
  const verification = verificationBy(inForce.snapshot, core.signatures);
  const askable = { verification, authorize: authorizeBy(asking) };
  return judgementOf(place, await decideHttp(port.policy, facts, askable), http);
}

function judgementOf({ port: { policy } }: InboundPlace, judged: Judged, asSent: HttpFacts): Judgement {
  const { decision, facts, tokens, custom } = judged;
  return {
    decision,
    findings: findingsOf(judged, policy),
    http: facts.http ?? asSent,
    ...(tokens === undefined ? {} : { claims: tokens.claims }),
    responseHeaders: custom?.responseHeaders ?? [],
    explain: () => explain(policy, facts, decision, tokens),
  };
}

function findingsOf({ facts, decision, tokens }: Judged, policy: CompiledPolicy): Finding[] {
  const findings = findingsFor(policy, facts, decision);
  return tokens === undefined ? findings : [...findings, ...tokenFindings(tokens, decision)];
}
