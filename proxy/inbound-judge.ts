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
import { explainLimit } from './explain-after-policies.ts';
import { pendingValidation, type PendingValidation } from './validation/validate.ts';
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
  /** What is to be done before an allowed request goes on; null = nothing. */
  validation: PendingValidation | null;
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
  // A word between sidecars, for their traces.
  const told = headers.filter(([name]) => name !== 'x-envoy-decorator-operation');
  return withRequestId(sidecarHeaders(told, { ownSpiffeId: place.instance.spiffeId, tls, client }));
}

/** Whether requests at this port are judged by policies alone, without anybody asked, which `judgeAtOnce` needs. */
export function isJudgedAtOnce({ port }: InboundPlace): boolean {
  const { policy, rateLimits = [], validations = [] } = port;
  if (policy.jwt.rules.length > 0 || policy.custom !== null) return false;
  return rateLimits.length === 0 && validations.length === 0;
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
  const judgement = judgementOf(place, await decideHttp(port.policy, facts, askable), http);
  return judgement.decision.verdict === 'deny' ? judgement : limited(bench, judgement, facts);
}

/** What comes after the policies: the rate, then what the request looks like. */
function limited({ core, place }: Bench, judgement: Judgement, asSent: RequestFacts): Judgement {
  const { rateLimits = [], validations = [] } = place.port;
  const { claims } = judgement;
  const facts = { ...asSent, http: { ...judgement.http, ...(claims === undefined ? {} : { claims }) } };
  const rate = core.rates.spend(place.instance.id, rateLimits, facts, place.inForce.now());
  const responseHeaders = [...judgement.responseHeaders, ...rate.headers];
  if (rate.decision === null)
    return {
      ...judgement,
      responseHeaders,
      validation: pendingValidation(validations, facts, place.inForce),
    };
  const { decision } = rate;
  return { ...judgement, decision, responseHeaders, explain: () => explainLimit(decision) };
}

function judgementOf({ port: { policy } }: InboundPlace, judged: Judged, asSent: HttpFacts): Judgement {
  const { decision, facts, tokens, custom } = judged;
  return {
    decision,
    findings: findingsOf(judged, policy),
    http: facts.http ?? asSent,
    ...(tokens === undefined ? {} : { claims: tokens.claims }),
    responseHeaders: custom?.responseHeaders ?? [],
    validation: null,
    explain: () => explain(policy, facts, decision, tokens),
  };
}

function findingsOf({ facts, decision, tokens }: Judged, policy: CompiledPolicy): Finding[] {
  const findings = findingsFor(policy, facts, decision);
  return tokens === undefined ? findings : [...findings, ...tokenFindings(tokens, decision)];
}
