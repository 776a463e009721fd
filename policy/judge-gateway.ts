/**
 * One request at a gateway, from the wire to its verdict, without a socket: server by SNI → certificate → codec →
 * normalization → headers and trusted hops → policies → route.
 */
import type { MeshConfig } from '../model/mesh.ts';
import type { ConnectionFacts, RequestFacts } from '../model/request-facts.ts';
import { gatewayHeaders, schemeOf } from '../wire/connection-manager-headers.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { type Askable, decided, decideHttp, type Judged } from './decide-http.ts';
import { connectToGateway } from './gateway/gateway-connection.ts';
import type { GatewayPort } from './gateway/read-gateway.ts';
import { routeAtGateway } from './gateway/route-request.ts';
import { virtualHosts } from './gateway/virtual-hosts.ts';
import { type CallingSide, clientOf } from './judge-request.ts';
import { asSent, receiveRequest, refused, type SentRequest } from './receive-request.ts';

/** The gateway's port that is called. */
export interface CalledGateway {
  ip: string;
  at: GatewayPort;
  /** Of what is spoken: HTTP, or bytes. */
  policyOf(protocol: 'http' | 'tcp'): CompiledPolicy;
}

type GatewayConfig = Pick<MeshConfig, 'trustDomain' | 'pathNormalization' | 'numTrustedProxies'>;

/** Judges one request; null = a client that sends bytes which aren't HTTP. */
export async function judgeAtGateway(
  from: CallingSide,
  to: CalledGateway,
  request: SentRequest | null,
  config: GatewayConfig,
  askable: Askable,
): Promise<Judged> {
  const reached = connectToGateway(to.at, from);
  const connection: ConnectionFacts = {
    sourceIp: from.ip,
    destinationIp: to.ip,
    destinationPort: to.at.port,
    principal: 'verdict' in reached ? null : reached.principal,
    // Where nothing is chosen by it, nobody looks for it.
    sni: from.tls === 'plaintext' || to.at.tcp !== null ? null : (from.tls.sni?.toLowerCase() ?? null),
    mtls: 'verdict' in reached ? false : reached.principal !== null,
  };
  const sent: RequestFacts = { connection, http: request && asSent(request) };
  if ('verdict' in reached) return { decision: reached, facts: sent };
  if (reached.bytes !== null) return decided(to.policyOf('tcp'), { connection, http: null });
  if (request === null) return { decision: refused('codec', 'no-http', 'http1.codec_error'), facts: sent };
  const http = receiveRequest(request, config.pathNormalization);
  if ('verdict' in http) return { decision: http, facts: sent };
  const client = clientOf(connection);
  const policy = to.policyOf('http');
  const { namespace, serviceAccount } = policy.target;
  const { headers, remoteIp } = gatewayHeaders(http.headers, {
    ownSpiffeId: `spiffe://${config.trustDomain}/ns/${namespace}/sa/${serviceAccount}`,
    tls: reached.tls,
    client: client === null ? null : { ...client, certificate: '*' },
    peer: from.ip,
    trustedProxies: config.numTrustedProxies,
  });
  const scheme = http.scheme ?? schemeOf(headers, reached.tls);
  const facts = { connection: { ...connection, remoteIp }, http: { ...http, headers, scheme } };
  const judged = await decideHttp(policy, facts, askable);
  if (judged.decision.verdict === 'deny' || judged.facts.http === null) return judged;
  const outcome = routeAtGateway(virtualHosts(to.at, reached.servers), judged.facts.http);
  return outcome.kind === 'routed'
    ? { ...judged, upstream: outcome.upstream }
    : { ...judged, decision: outcome.decision };
}
