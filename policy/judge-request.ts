/**
 * One request from the wire to its verdict, without a socket: filter chain → certificate → codec → normalization →
 * policies. The same pure parts as the proxy's, in the same order.
 */
import type { Decision, RuleRef } from '../model/decision.ts';
import type { MeshConfig } from '../model/mesh.ts';
import type { ConnectionFacts, HttpFacts, RequestFacts } from '../model/request-facts.ts';
import { sidecarHeaders } from '../wire/connection-manager-headers.ts';
import { sameFamily } from '../wire/address-family.ts';
import { chooseFilterChain, type FilterChain, type PeerMode } from '../wire/filter-chain.ts';
import type { ForwardedClient } from '../wire/forwarded-client-cert.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { type Askable, decided, decideHttp, type Judged } from './decide-http.ts';
import { asSent, receiveRequest, refused, type SentRequest } from './receive-request.ts';

/** The caller's side of a connection. */
export interface CallingSide {
  ip: string;
  /** `plaintext`, or a TLS client with or without a certificate. */
  tls: 'plaintext' | { alpn: readonly string[]; sni: string | null; certificate: CallerCertificate };
}

/** `refused`: one that no verification would accept (another CA, expired). */
export type CallerCertificate =
  | { kind: 'none' }
  | { kind: 'refused' }
  /** `names`: all its SANs; absent = the principal's URI alone. */
  | { kind: 'valid'; principal: string; names?: readonly string[] };

/** The port that is called. */
export interface CalledSide {
  ip: string;
  port: number;
  mode: PeerMode;
  /** What gave it the mode; absent or null where nobody looked or nothing did. */
  modeBy?: RuleRef | null;
  policy: CompiledPolicy;
}

/** Refusals that another mode of the port would not have made. */
const BY_MODE: ReadonlySet<string> = new Set([
  'plaintext-on-strict',
  'tls-without-istio-alpn',
  'no-certificate',
]);

type JudgingConfig = Pick<MeshConfig, 'trustDomain' | 'trustDomainAliases' | 'pathNormalization'>;

/** Judges one request (or, with null, one TCP connection). `askable`: whom its filters may ask. */
export async function judgeRequest(
  from: CallingSide,
  to: CalledSide,
  request: SentRequest | null,
  config: JudgingConfig,
  askable: Askable = {},
): Promise<Judged> {
  const hello = from.tls === 'plaintext' ? 'plaintext' : { sni: from.tls.sni, alpn: from.tls.alpn };
  const chain = chooseFilterChain({ mode: to.mode, protocol: to.policy.protocol, hello });
  const connection = connectionFacts(from, to, chain);
  const refusal = refuseConnection(from, chain, config);
  if (refusal) {
    const decision = BY_MODE.has(refusal.reason) ? { ...refusal, matched: to.modeBy ?? null } : refusal;
    return { decision, facts: { connection, http: request && asSent(request) } };
  }
  if (request === null) return decided(to.policy, { connection, http: null });
  const facts = httpFacts(from, chain, to, connection, request, config);
  return 'decision' in facts ? facts : decideHttp(to.policy, facts, askable);
}

/** The request as the first filter sees it, or the refusal before it. */
function httpFacts(
  from: CallingSide,
  chain: FilterChain,
  to: CalledSide,
  connection: ConnectionFacts,
  request: SentRequest,
  config: JudgingConfig,
): Judged | (RequestFacts & { http: HttpFacts }) {
  const sent: RequestFacts = { connection, http: asSent(request) };
  if (chain.kind === 'plaintext' && from.tls !== 'plaintext') {
    // A ClientHello is no request: the 400 reaches a client that speaks TLS as garbage, so there is no status.
    return { decision: refused('codec', 'client-hello-on-plaintext', 'http1.codec_error'), facts: sent };
  }
  const http = receiveRequest(request, config.pathNormalization);
  if ('verdict' in http) return { decision: http, facts: sent };
  const { namespace, serviceAccount } = to.policy.target;
  const headers = sidecarHeaders(http.headers, {
    ownSpiffeId: `spiffe://${config.trustDomain}/ns/${namespace}/sa/${serviceAccount}`,
    tls: connection.mtls,
    client: clientOf(connection),
  });
  return { connection, http: { ...http, headers } };
}

/** A judged caller has an identity and no certificate: the parts of one read `*`. */
export function clientOf({ principal }: ConnectionFacts): ForwardedClient | null {
  if (principal === null) return null;
  return { fingerprint: '*', subject: '', uriSans: [`spiffe://${principal}`], dnsSans: [] };
}

function connectionFacts(from: CallingSide, to: CalledSide, chain: FilterChain): ConnectionFacts {
  const mtls = chain.kind === 'mtls';
  const certificate = from.tls === 'plaintext' ? null : from.tls.certificate;
  const { sourceIp, destinationIp } = sameFamily(from.ip, to.ip);
  return {
    sourceIp,
    destinationIp,
    destinationPort: to.port,
    principal: mtls && certificate?.kind === 'valid' ? certificate.principal : null,
    sni: from.tls === 'plaintext' ? null : (from.tls.sni?.toLowerCase() ?? null),
    mtls,
  };
}

function refuseConnection(from: CallingSide, chain: FilterChain, config: JudgingConfig): Decision | null {
  if (chain.kind === 'refuse') return refused('mtls', chain.reason, chain.details);
  if (chain.kind !== 'mtls' || from.tls === 'plaintext') return null;
  const { certificate } = from.tls;
  if (certificate.kind === 'none') {
    return refused('mtls', 'no-certificate', 'tls: PEER_DID_NOT_RETURN_A_CERTIFICATE');
  }
  if (certificate.kind === 'refused')
    return refused('mtls', 'chain-refused', 'tls: CERTIFICATE_VERIFY_FAILED');
  const domains = [config.trustDomain, ...config.trustDomainAliases];
  if (domains.some((domain) => certificate.principal.startsWith(`${domain}/`))) return null;
  return refused('mtls', 'foreign-trust-domain', 'tls: CERTIFICATE_VERIFY_FAILED');
}
