/**
 * One request from the wire to its verdict, without a socket: filter chain → certificate → codec → normalization →
 * policies. The same pure parts as the proxy's, in the same order.
 */
import type { Decision } from '../model/decision.ts';
import type { MeshConfig } from '../model/mesh.ts';
import type { ConnectionFacts, HeaderList, HttpFacts, RequestFacts } from '../model/request-facts.ts';
import { chooseFilterChain, type FilterChain, type PeerMode } from '../wire/filter-chain.ts';
import { trimBlanks } from '../wire/field-grammar.ts';
import { checkRequestHead } from '../wire/http1-request-checks.ts';
import { checkRequestFields } from '../wire/http2-fields.ts';
import { byteString, normalizePath } from '../wire/path-normalization.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { decide } from './decide.ts';
import { authenticate } from './tokens/authenticate.ts';
import { afterTokens, type TokenFacts } from './tokens/token-facts.ts';
import { NO_VERIFICATION, type TokenVerification } from './tokens/verify-token.ts';

/** The caller's side of a connection. */
export interface CallingSide {
  ip: string;
  /** `plaintext`, or a TLS client with or without a certificate. */
  tls: 'plaintext' | { alpn: readonly string[]; sni: string | null; certificate: CallerCertificate };
}

/** `refused`: one that no verification would accept (another CA, expired). */
export type CallerCertificate = { kind: 'none' } | { kind: 'refused' } | { kind: 'valid'; principal: string };

/** The port that is called. */
export interface CalledSide {
  ip: string;
  port: number;
  mode: PeerMode;
  policy: CompiledPolicy;
}

/** A request as sent; null for plain TCP. Strings have one character a byte. */
export interface SentRequest {
  protocol: HttpFacts['protocol'];
  method: string;
  path: string;
  host: string;
  headers: HeaderList;
  /** HTTP/2: the whole header block as sent, in the place of what the other fields say. */
  fields?: HeaderList;
}

/** The verdict, and the facts it fell on as far as the request got. */
export interface Judged {
  decision: Decision;
  facts: RequestFacts;
  /** What came of the request's tokens, where it got that far. */
  tokens?: TokenFacts;
}

type JudgingConfig = Pick<MeshConfig, 'trustDomain' | 'trustDomainAliases' | 'pathNormalization'>;

/** Judges one request (or, with null, one TCP connection). Tokens are verified with `verification`. */
export async function judgeRequest(
  from: CallingSide,
  to: CalledSide,
  request: SentRequest | null,
  config: JudgingConfig,
  verification: TokenVerification = NO_VERIFICATION,
): Promise<Judged> {
  const hello = from.tls === 'plaintext' ? 'plaintext' : { sni: from.tls.sni, alpn: from.tls.alpn };
  const chain = chooseFilterChain({ mode: to.mode, protocol: to.policy.protocol, hello });
  const connection = connectionFacts(from, to, chain);
  const refusal = refuseConnection(from, chain, config);
  if (refusal) return { decision: refusal, facts: { connection, http: request && asSent(request) } };
  if (request === null) return decided(to.policy, { connection, http: null });
  return judgeHttp(from, chain, to.policy, connection, request, config, verification);
}

function judgeHttp(
  from: CallingSide,
  chain: FilterChain,
  policy: CompiledPolicy,
  connection: ConnectionFacts,
  request: SentRequest,
  config: JudgingConfig,
  verification: TokenVerification,
): Judged | Promise<Judged> {
  const sent: RequestFacts = { connection, http: asSent(request) };
  if (chain.kind === 'plaintext' && from.tls !== 'plaintext') {
    // A ClientHello is no request: the 400 reaches a client that speaks TLS as garbage, so there is no status.
    return { decision: refused('codec', 'client-hello-on-plaintext', 'http1.codec_error'), facts: sent };
  }
  const http = request.protocol === 'http1' ? checkHttp1(request) : checkHttp2(request);
  if ('verdict' in http) return { decision: http, facts: sent };
  const normalized = normalizePath(http.path, config.pathNormalization);
  if (normalized.kind === 'refused') {
    const status = request.protocol === 'grpc' ? 200 : normalized.status;
    return {
      decision: refused('normalization', 'normalization-failed', normalized.details, status),
      facts: sent,
    };
  }
  const facts = { connection, http: { ...http, path: normalized.path } };
  return policy.jwt.rules.length === 0
    ? decided(policy, facts)
    : decidedWithTokens(policy, facts, verification);
}

async function decidedWithTokens(
  policy: CompiledPolicy,
  facts: RequestFacts & { http: HttpFacts },
  verification: TokenVerification,
): Promise<Judged> {
  const tokens = await authenticate(policy.jwt, facts.http, verification);
  return { decision: decide(policy, facts, tokens), facts: afterTokens(facts, tokens), tokens };
}

function decided(policy: CompiledPolicy, facts: RequestFacts): Judged {
  return { decision: decide(policy, facts), facts };
}

function connectionFacts(from: CallingSide, to: CalledSide, chain: FilterChain): ConnectionFacts {
  const mtls = chain.kind === 'mtls';
  const certificate = from.tls === 'plaintext' ? null : from.tls.certificate;
  // A connection has one family: beside an IPv6 address an IPv4 one is seen mapped, and matches no IPv4 block.
  const mixed = from.ip.includes(':') !== to.ip.includes(':');
  return {
    sourceIp: mixed ? mappedToIpv6(from.ip) : from.ip,
    destinationIp: mixed ? mappedToIpv6(to.ip) : to.ip,
    destinationPort: to.port,
    principal: mtls && certificate?.kind === 'valid' ? certificate.principal : null,
    sni: from.tls === 'plaintext' ? null : (from.tls.sni?.toLowerCase() ?? null),
    mtls,
  };
}

function mappedToIpv6(address: string): string {
  return address.includes(':') ? address : `::ffff:${address}`;
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

function refused(phase: Decision['phase'], reason: string, details: string, status?: number): Decision {
  const decision: Decision = { verdict: 'deny', phase, reason, matched: null, details };
  return status === undefined ? decision : { ...decision, status };
}

function asSent({ protocol, method, path, host, headers }: SentRequest): HttpFacts {
  return { protocol, method, path, rawPath: path, host, headers };
}

function checkHttp1(request: SentRequest): HttpFacts | Decision {
  // So do they around a field's value.
  const fields = request.headers.map(([name, value]) => [name, trimBlanks(value)]);
  const rawHeaders = ['host', request.host, ...fields.flat()];
  // Blanks around the target belong to the request line.
  const target = byteString(request.path).replace(/[ \t]+$/, '');
  const checked = checkRequestHead({ method: request.method, target, version: '1.1', rawHeaders });
  if ('refusal' in checked) {
    const { reason, details, status } = checked.refusal;
    return refused('codec', reason, details, status);
  }
  const { method, rawPath, host, headers } = checked.request;
  return { protocol: 'http1', method, path: rawPath, rawPath: request.path, host, headers };
}

function checkHttp2(request: SentRequest): HttpFacts | Decision {
  const checked = checkRequestFields(request.fields ?? headerBlock(request), 'none');
  if ('refusal' in checked) {
    const { reason, details, status } = checked.refusal;
    return refused('codec', reason, details, status);
  }
  const { method, rawPath, host, headers } = checked.request;
  return { protocol: request.protocol, method, path: rawPath, rawPath: request.path, host, headers };
}

/** What a well-behaved client makes of the request. */
function headerBlock(request: SentRequest): HeaderList {
  return [
    [':method', request.method],
    [':scheme', 'http'],
    [':authority', request.host],
    [':path', byteString(request.path)],
    ...request.headers,
  ];
}
