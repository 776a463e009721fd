/** What a case of a DecisionSuite says, in the words of whoever plays it: the caller, the called, the request's bytes. */
import { parseIpAddress } from '../model/ip-block.ts';
import type { DecisionCase } from '../model/decision-suite.ts';
import type { HeaderList } from '../model/request-facts.ts';
import { unescapeUtf8 } from '../wire/path-normalization.ts';
import type { CallingSide } from './judge-request.ts';
import type { SentRequest } from './receive-request.ts';
import type { PolicyTarget } from './scope.ts';

/** Who is called, as policies select it. */
export function targetOf({ to }: DecisionCase): PolicyTarget {
  return { namespace: to.namespace, serviceAccount: to.serviceAccount, labels: to.labels ?? {} };
}

/** The address that is called. */
export function calledIp({ to }: DecisionCase): string {
  return to.ip ?? '10.0.1.20';
}

/** Who calls, and how it opens the connection. */
export function callerOf({ from, request }: DecisionCase): CallingSide {
  const ip = from.ip ?? '10.0.7.7';
  if (from.principal === undefined && from.certificate === undefined) return { ip, tls: 'plaintext' };
  const alpn = offeredAlpn(from.alpn === 'plain', request.protocol);
  const sni = sentServerName(request.sni);
  return { ip, tls: { alpn, sni, certificate: certificateOf(from) } };
}

/** As TLS clients send it (RFC 6066 §3): without a dot at its end, and never an address. */
function sentServerName(name = ''): string | null {
  const sent = name.toLowerCase().replace(/\.$/, '');
  return sent === '' || parseIpAddress(sent) !== null ? null : sent;
}

function certificateOf(
  from: DecisionCase['from'],
): { kind: 'none' | 'refused' } | { kind: 'valid'; principal: string } {
  if (from.certificate === 'foreign-ca' || from.certificate === 'expired') return { kind: 'refused' };
  if (from.certificate === 'none' || from.principal === undefined) return { kind: 'none' };
  return { kind: 'valid', principal: from.principal };
}

/** What a sidecar offers, or any other TLS client. */
function offeredAlpn(plain: boolean, protocol: DecisionCase['request']['protocol']): string[] {
  if (protocol === 'tcp') return plain ? [] : ['istio-peer-exchange', 'istio'];
  const http = protocol === 'http' ? 'http/1.1' : 'h2';
  return plain ? [http] : [`istio-${http}`, 'istio', http];
}

/** The request as its bytes say it, one character a byte; null for plain TCP. */
export function sentRequest({ request, to }: DecisionCase): SentRequest | null {
  if (request.protocol === 'tcp') return null;
  if (request.fields) return asFields(request.fields, request.protocol);
  const grpc: HeaderList = request.protocol === 'grpc' ? GRPC_HEADERS : [];
  return {
    protocol: request.protocol === 'http' ? 'http1' : request.protocol,
    method: request.method ?? 'GET',
    path: unescapeUtf8(request.path ?? '/'),
    host: request.host ?? to.serviceAccount,
    headers: [...grpc, ...sentHeaders(request, to.kind === 'gateway' ? undefined : request.remoteIp)],
  };
}

/** What every gRPC client sends. */
const GRPC_HEADERS: HeaderList = [
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
];

/** A header block as sent; what an explanation shows of it is what its first fields say. */
function asFields(
  fields: readonly (readonly [string, string])[],
  protocol: 'http' | 'http2' | 'grpc',
): SentRequest {
  const bytes = fields.map(([name, value]): [string, string] => [unescapeUtf8(name), unescapeUtf8(value)]);
  const first = (wanted: string) => bytes.find(([name]) => name === wanted)?.[1] ?? '';
  return {
    protocol: protocol === 'http' ? 'http2' : protocol,
    method: first(':method'),
    path: first(':path'),
    host: first(':authority'),
    headers: bytes.filter(([name]) => !name.startsWith(':')),
    fields: bytes,
  };
}

/** A gateway learns the client's address by itself; a sidecar is told `remoteIp`. */
function sentHeaders(request: DecisionCase['request'], remoteIp: string | undefined): HeaderList {
  const sent: [string, string][] = [];
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    for (const one of typeof value === 'string' ? [value] : value)
      sent.push([name.toLowerCase(), unescapeUtf8(one)]);
  }
  const has = (wanted: string) => sent.some(([name]) => name === wanted);
  if (request.token !== undefined && !has('authorization'))
    sent.push(['authorization', `Bearer ${request.token}`]);
  if (remoteIp !== undefined && !has('x-forwarded-for')) sent.push(['x-forwarded-for', remoteIp]);
  return sent;
}
