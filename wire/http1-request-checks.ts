/**
 * What Envoy's HTTP/1 codec and connection manager refuse before any filter runs, as a pure function over a parsed
 * head. Node's parser lets most of it through (attacks.md §2), so it stands in front of every policy.
 * Refuses nothing for policy reasons, and never repairs a request in a way that Envoy doesn't.
 */
import type { HeaderList } from '../model/request-facts.ts';
import { isHost, isToken, trimBlanks } from './field-grammar.ts';
import { connectionTokens, endToEndRequestHeaders } from './http1-hop-by-hop.ts';
import { joinInlineHeaders } from './inline-headers.ts';
import { codecError, hasControlByte, type Http1Refusal, splitTarget } from './http1-target.ts';

/** A request head as a parser hands it over. */
export interface Http1Head {
  method: string;
  /** The request target, as sent. */
  target: string;
  version: string;
  /** name, value, name, value … as sent. */
  rawHeaders: readonly string[];
}

/** How the message's body is delimited. */
export type BodyFraming = 'none' | 'length' | 'chunked';

/** A head that Envoy would hand to its filters. */
export interface Http1Request {
  method: string;
  /** Path with query, not normalized. */
  rawPath: string;
  /** `:authority`: of an absolute target, else the Host fields joined. */
  host: string;
  /** Whether the target was absolute (`GET http://host/path`). */
  absolute: boolean;
  /** End-to-end fields, names lower-case, without Host; those joined that Envoy keeps one of. */
  headers: [string, string][];
  body: BodyFraming;
  /** Protocol asked for by Upgrade; null without one. */
  upgrade: string | null;
}

export type CheckedHead = { request: Http1Request } | { refusal: Http1Refusal };

/** Methods that Envoy's parser knows; any other is a codec error. */
const METHODS = new Set(
  (
    'ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY ' +
    'OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK ' +
    'UNLOCK UNSUBSCRIBE'
  ).split(' '),
);
/** Envoy's default `max_headers_count`. */
export const MAX_HEADER_COUNT = 100;

/** The pairs of a flat list, names lower-case. */
export function headerPairs(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    pairs.push([(raw[index] as string).toLowerCase(), raw[index + 1] as string]);
  }
  return pairs;
}

function framing(headers: HeaderList): BodyFraming | Http1Refusal {
  const encodings = headers
    .filter(([name]) => name === 'transfer-encoding')
    .map(([, value]) => trimBlanks(value).toLowerCase());
  const lengths = headers.filter(([name]) => name === 'content-length').map(([, value]) => trimBlanks(value));
  if (encodings.length > 0 && lengths.length > 0)
    return codecError('length-and-transfer-encoding', 'http1.content_length_and_chunked_not_allowed');
  if (encodings.length > 0) {
    // `identity` and unknown codings are where two parsers disagree about the end of a message.
    if (encodings.length > 1 || encodings[0] !== 'chunked') {
      return {
        status: 501,
        body: 'Not Implemented',
        details: 'http1.invalid_transfer_encoding',
        reason: 'unknown-transfer-encoding',
      };
    }
    return 'chunked';
  }
  if (lengths.length === 0) return 'none';
  if (lengths.length > 1 || !/^[0-9]+$/.test(lengths[0] as string)) return codecError('bad-content-length');
  return lengths[0] === '0' ? 'none' : 'length';
}

/** Judges a head as Envoy's codec and connection manager do. */
export function checkRequestHead(head: Http1Head): CheckedHead {
  const refuse = (refusal: Http1Refusal): CheckedHead => ({ refusal });
  if (head.version === '1.0')
    return refuse({ status: 426, body: '', details: 'low_version', reason: 'http-1.0' });
  if (head.version !== '1.1') return refuse(codecError('bad-version'));
  if (hasControlByte(head.method) || head.rawHeaders.some(hasControlByte))
    return refuse(codecError('control-byte', 'http1.invalid_characters'));
  if (!METHODS.has(head.method)) return refuse(codecError('unknown-method'));
  if (head.rawHeaders.length / 2 > MAX_HEADER_COUNT) {
    return refuse({
      status: 431,
      body: 'Request Header Fields Too Large',
      details: 'http1.too_many_headers',
      reason: 'too-many-headers',
    });
  }
  const headers = headerPairs(head.rawHeaders);
  if (!headers.every(([name]) => isToken(name))) return refuse(codecError('bad-field-name'));
  const body = framing(headers);
  if (typeof body !== 'string') return refuse(body);
  const target = splitTarget(head.method, head.target);
  if ('status' in target) return refuse(target);
  const hosts = headers.filter(([name]) => name === 'host').map(([, value]) => value);
  if (hosts.length === 0 && target.host === null) {
    return refuse({ status: 400, body: '', details: 'missing_host_header', reason: 'missing-host' });
  }
  // Two Host fields are joined, as Envoy joins them (SURPRISES 16): a policy on one of them then misses.
  const host = target.host ?? hosts.join(',');
  if (!isHost(host)) return refuse(codecError('bad-host', 'http.invalid_authority'));
  const kept = endToEndRequestHeaders(headers);
  if (kept === null) return refuse(codecError('bad-connection-header', 'http1.connection_header_rejected'));
  if (head.method === 'QUERY' && !kept.some(([name]) => name === 'content-type')) {
    return refuse({
      status: 400,
      body: '',
      details: 'query_missing_content_type',
      reason: 'query-without-content-type',
    });
  }
  const asksUpgrade = connectionTokens(headers).includes('upgrade');
  const wanted = headers.find(([name]) => name === 'upgrade')?.[1];
  const upgrade = asksUpgrade && wanted !== undefined ? trimBlanks(wanted).toLowerCase() : null;
  return {
    request: {
      method: head.method,
      rawPath: target.path,
      host,
      absolute: target.host !== null,
      headers: joinInlineHeaders(kept.filter(([name]) => name !== 'host')),
      body,
      // Envoy ignores h2c and answers in HTTP/1.
      upgrade: upgrade === 'h2c' ? null : upgrade,
    },
  };
}
