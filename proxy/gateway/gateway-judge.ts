/**
 * The one judgement of requests at a gateway, whatever protocol they came by: trusted hops and XFCC, policies, route;
 * and how it is told.
 */
import type { Decision, Explanation } from '../../model/decision.ts';
import type { HttpFacts, RequestFacts } from '../../model/request-facts.ts';
import { principalOf } from '../../model/spiffe-id.ts';
import type { RouteFacts, TrafficEvent } from '../../model/traffic-event.ts';
import { applySignals } from '../../policy/context-signals.ts';
import { decideHttp, type Judged as PolicyVerdict } from '../../policy/decide-http.ts';
import { explain } from '../../policy/explain.ts';
import type { RateAnswer } from '../../policy/rate-limit.ts';
import { findingsFor } from '../../policy/findings.ts';
import type { GatewayPort, PortServer } from '../../policy/gateway/read-gateway.ts';
import { chooseAtGateway } from '../../policy/gateway/route-request.ts';
import { virtualHosts, type VirtualHost } from '../../policy/gateway/virtual-hosts.ts';
import type { Route } from '../../policy/routes/compiled-routes.ts';
import { tokenFindings } from '../../policy/tokens/token-findings.ts';
import { sameFamily } from '../../wire/address-family.ts';
import { gatewayHeaders, schemeOf } from '../../wire/connection-manager-headers.ts';
import { authorizeBy } from '../authorizer/authorize.ts';
import { explainLimit } from '../explain-after-policies.ts';
import type { WayContexts } from '../http2/way-contexts.ts';
import { pendingValidation, type PendingValidation } from '../validation/validate.ts';
import type { Judged } from '../inbound-http.ts';
import { makeEvent } from '../make-event.ts';
import { headerValue, withRequestId } from '../request-headers.ts';
import { verificationBy } from '../token-verification.ts';
import { gatewayPeers, type GatewayConnection, type GatewayPlace } from './gateway-connection.ts';

/** What is known of a request when its event is made; `told` by a route, too. */
export interface GatewayJudged extends Omit<Judged, 'place' | 'connection'> {
  place: GatewayPlace;
  connection: GatewayConnection;
  /** What became of it on its route; absent = it was answered before. */
  route?: RouteFacts;
  /** Of its connection, where exchanges may be told by numbers. */
  contexts?: WayContexts;
}

/** One that its policies let in. */
export interface GatewayPassed extends GatewayJudged {
  request: NonNullable<TrafficEvent['request']> & Pick<HttpFacts, 'scheme'>;
  /** Why a route answered in the application's place. */
  explainRoute(decision: Decision): Explanation;
}

/** Tells an exchange at a gateway. */
export function recordGateway(judged: GatewayJudged, response: TrafficEvent['response']): void {
  const { core, place, connection, source, request } = judged;
  core.record(
    makeEvent({
      kind: 'http',
      direction: 'inbound',
      owner: place.instance.id,
      at: judged.at,
      ...gatewayPeers(place, connection, source),
      tls: connection.tls,
      request,
      response,
      route: judged.route ?? null,
      decision: judged.decision,
      explanation: judged.explanation,
      findings: [...connection.findings, ...judged.findings],
      snapshotVersion: place.inForce.snapshot.version,
      requestId: request === null ? null : headerValue(request.headers, 'x-request-id'),
      tag: source.tag,
    }),
  );
}

/** What became of a request: passed to a route, or answered here. */
export type JudgedAtGateway =
  | {
      kind: 'passed';
      judged: GatewayPassed;
      route: Route;
      /** What is to be done before it goes on; null = nothing. */
      validation: PendingValidation | null;
    }
  | { kind: 'answered'; judged: GatewayJudged };

/** Policies, then the route. */
export async function judgeAtGateway(
  base: Omit<GatewayJudged, 'request' | 'decision'>,
  asSent: RequestFacts & { http: HttpFacts },
): Promise<JudgedAtGateway> {
  const { place } = base;
  const { policy } = place.port;
  const verdict = await decideHttp(policy, asSent, askable(base, asSent));
  const { decision, facts, tokens } = verdict;
  const http = { ...(facts.http ?? asSent.http), ...(tokens === undefined ? {} : { claims: tokens.claims }) };
  const rate = decision.verdict === 'deny' ? UNLIMITED : spend(base, { ...facts, http });
  const outcome = rate.decision === null ? routeOf(place, verdict, http) : answeredBy(rate.decision);
  const judged = {
    ...base,
    request: { ...http, bodyBytes: 0 },
    decision: outcome.kind === 'answered' ? outcome.decision : decision,
    findings: [...findingsFor(policy, facts, decision), ...tokenFindings(tokens, decision)],
    told: [...(verdict.custom?.responseHeaders ?? []), ...rate.headers],
  };
  const explainRoute = (route: Decision): Explanation => explain(policy, facts, route, tokens);
  if (outcome.kind !== 'answered')
    return {
      kind: 'passed',
      judged: { ...judged, explainRoute },
      route: outcome.route,
      validation: pendingValidation(place.port.validations ?? [], { ...facts, http }, place.inForce),
    };
  const request = decision.phase === 'jwt' ? { ...asSent.http, bodyBytes: 0 } : judged.request;
  const explanation =
    rate.decision === null ? explain(policy, facts, outcome.decision, tokens) : explainLimit(rate.decision);
  const told = [...judged.told, ...outcome.headers];
  return { kind: 'answered', judged: { ...judged, request, explanation, told } };
}

const UNLIMITED: RateAnswer = { decision: null, headers: [], counters: [] };

function spend(
  { core, place }: Omit<GatewayJudged, 'request' | 'decision'>,
  facts: RequestFacts,
): RateAnswer {
  const { rateLimits = [] } = place.port;
  if (rateLimits.length === 0) return UNLIMITED;
  return core.rates.spend(place.instance.id, rateLimits, facts, place.inForce.now());
}

function answeredBy(decision: Decision): ReturnType<typeof chooseAtGateway> {
  return { kind: 'answered', decision, headers: [] };
}

/** Where a request is judged. */
type Bench = Pick<GatewayJudged, 'core' | 'place' | 'connection' | 'source'>;

/** A request that its codec took. */
export interface ReadAtGateway {
  protocol: HttpFacts['protocol'];
  method: string;
  rawPath: string;
  /** Normalized. */
  path: string;
  host: string;
  headers: [string, string][];
  /** As the client said it, lower-case; null = it didn't. */
  scheme: string | null;
}

/** The request as its filters see it. */
export function factsAtGateway(
  { place, connection, source }: Bench,
  request: ReadAtGateway,
): RequestFacts & { http: HttpFacts } {
  const { inForce, instance, port } = place;
  const { sourceIp, destinationIp } = sameFamily(source.ip, instance.podIp);
  const { client, certificate } = connection;
  const { headers: told, remoteIp } = gatewayHeaders(request.headers, {
    ownSpiffeId: instance.spiffeId,
    tls: connection.encrypted,
    client: client === null || certificate === null ? client : { ...client, certificate },
    peer: source.ip,
    trustedProxies: inForce.snapshot.numTrustedProxies ?? 0,
  });
  const principal = connection.spiffeId && principalOf(connection.spiffeId);
  const signalled = applySignals(port.signals ?? [], { clientIp: remoteIp, principal }, told);
  const headers = signalled.headers.map(([name, value]): [string, string] => [name, value]);
  const scheme = request.scheme ?? schemeOf(headers, connection.encrypted);
  return {
    connection: {
      sourceIp,
      destinationIp,
      destinationPort: port.at.port,
      principal,
      sni: connection.sni,
      mtls: connection.spiffeId !== null,
      remoteIp,
    },
    http: {
      protocol: request.protocol,
      method: request.method,
      path: request.path,
      rawPath: request.rawPath,
      host: request.host,
      headers: withRequestId(headers),
      scheme,
    },
  };
}

function askable({ core, place, connection, source }: Bench, { http }: RequestFacts & { http: HttpFacts }) {
  const { inForce, instance, port } = place;
  return {
    verification: verificationBy(inForce.snapshot, core.signatures),
    authorize: authorizeBy({
      core,
      inForce,
      instance,
      source: { address: source.ip, port: connection.endpoints.remotePort, principal: connection.spiffeId },
      port: port.at.port,
      scheme: connection.encrypted ? 'https' : 'http',
      protocol: http.protocol,
    }),
  };
}

/** Virtual hosts of a port's servers, made once a snapshot. */
const hostsOf = new WeakMap<GatewayPort, Map<PortServer | undefined, VirtualHost[]>>();

function cachedHosts({ port, servers }: GatewayPlace): VirtualHost[] {
  const known = hostsOf.get(port.at) ?? new Map<PortServer | undefined, VirtualHost[]>();
  hostsOf.set(port.at, known);
  const hosts = known.get(servers[0]) ?? virtualHosts(port.at, servers);
  known.set(servers[0], hosts);
  return hosts;
}

function routeOf(
  place: GatewayPlace,
  { decision }: PolicyVerdict,
  http: HttpFacts,
): ReturnType<typeof chooseAtGateway> {
  if (decision.verdict === 'deny') return { kind: 'answered', decision, headers: [] };
  return chooseAtGateway(cachedHosts(place), http);
}
