/**
 * What Envoy's HTTP/2 codec makes of a request's header block, as a pure function over its fields: which blocks it
 * refuses (RFC 9113 §8.2 and §8.3, in its own strictness) and what of an accepted one reaches the filters.
 * `node:http2` drops invalid fields silently and delivers the rest, so this stands in front of every policy. Refuses
 * nothing for policy reasons; frames and HPACK are the reader's.
 */
import type { HeaderList } from '../model/request-facts.ts';
import { CONNECTION_FIELDS } from './connection-fields.ts';
import {
  isFieldName,
  isFieldValue,
  isPathValue,
  isScheme,
  isToken,
  isUriAuthority,
} from './field-grammar.ts';
import { MAX_HEADER_COUNT } from './http1-request-checks.ts';
import { joinInlineHeaders } from './inline-headers.ts';

/** A header block that Envoy would hand to its filters. */
export interface Http2Request {
  method: string;
  /** As sent; nothing compares it with the connection. */
  scheme: string;
  /** Path with query, not normalized. */
  rawPath: string;
  /** `:authority`, or `host` where there is none; beside `:authority` a `host` is dropped unseen. */
  host: string;
  /** Regular fields; the cookies joined to one, as are those that Envoy keeps one of. */
  headers: [string, string][];
}

/** The stream (or connection) ends without an HTTP status, unless one is given. */
export interface Http2Refusal {
  /** Envoy's response code details. */
  details: string;
  reason: string;
  status?: number;
}

export type CheckedBlock = { request: Http2Request } | { refusal: Http2Refusal };

/** Whether the HEADERS frame ended the stream. */
export type BodyOfBlock = 'none' | 'follows';

/** Those of a request; any other name that begins with a colon is unknown (`:protocol` isn't negotiated). */
const PSEUDO_FIELDS: ReadonlySet<string> = new Set([':method', ':scheme', ':authority', ':path']);
/** Envoy's default `max_request_headers_kb`. */
const MAX_BLOCK_BYTES = 60 * 1024;

/** Judges a header block, names and values one character a byte. */
export function checkRequestFields(fields: HeaderList, body: BodyOfBlock): CheckedBlock {
  const pseudo = new Map<string, string>();
  const regular = new Map<string, string>();
  const headers: [string, string][] = [];
  let bytes = 0;
  for (const [name, value] of fields) {
    const reason = fieldFault(name, value, pseudo, regular);
    if (reason !== null) return invalid(reason);
    if (name.startsWith(':')) pseudo.set(name, value);
    else {
      regular.set(name, value);
      headers.push([name, value]);
    }
    bytes += name.length + value.length;
    if (bytes > MAX_BLOCK_BYTES)
      return { refusal: { details: 'http2.header_list_size_too_large', reason: 'headers-too-large' } };
    if (pseudo.size + headers.length > MAX_HEADER_COUNT)
      return { refusal: { details: 'http2.too_many_headers', reason: 'headers-too-large' } };
  }
  const fault = messageFault(pseudo, regular, body);
  if (fault !== null) return { refusal: fault };
  return {
    request: {
      method: pseudo.get(':method') ?? '',
      scheme: pseudo.get(':scheme') ?? '',
      rawPath: pseudo.get(':path') ?? '',
      host: pseudo.get(':authority') ?? regular.get('host') ?? '',
      headers: joinInlineHeaders(joinCookies(headers.filter(([name]) => name !== 'host'))),
    },
  };
}

/** What is wrong with one field, seen after those before it; null = nothing. */
function fieldFault(
  name: string,
  value: string,
  pseudo: ReadonlyMap<string, string>,
  regular: ReadonlyMap<string, string>,
): string | null {
  if (name.startsWith(':')) {
    if (!PSEUDO_FIELDS.has(name)) return 'unknown-pseudo-header';
    if (pseudo.has(name)) return 'repeated-pseudo-header';
    if (regular.size > 0) return 'late-pseudo-header';
    return isPseudoValue(name, value) ? null : 'bad-pseudo-header';
  }
  if (!isFieldName(name)) return 'bad-field-name';
  if (CONNECTION_FIELDS.has(name)) return 'connection-field';
  if (!isFieldValue(value)) return 'bad-field-value';
  if (name === 'te' && value.toLowerCase() !== 'trailers') return 'connection-field';
  if (name === 'host' && (regular.has(name) || value === '' || !isUriAuthority(value))) return 'bad-host';
  if (name === 'content-length' && (regular.has(name) || !/^[0-9]{1,18}$/.test(value)))
    return 'bad-content-length';
  return null;
}

function isPseudoValue(name: string, value: string): boolean {
  if (value === '') return false;
  switch (name) {
    case ':method':
      return isToken(value);
    case ':scheme':
      return isScheme(value);
    case ':path':
      return isPathValue(value);
    default:
      return isUriAuthority(value);
  }
}

/** What is wrong with the block as a whole. */
function messageFault(
  pseudo: ReadonlyMap<string, string>,
  regular: ReadonlyMap<string, string>,
  body: BodyOfBlock,
): Http2Refusal | null {
  const method = pseudo.get(':method');
  const path = pseudo.get(':path');
  const scheme = pseudo.get(':scheme');
  if (method === 'CONNECT') {
    if (path !== undefined || scheme !== undefined || !pseudo.has(':authority')) return broken('bad-connect');
    // No route of a sidecar matches a tunnel.
    return { details: 'route_not_found', reason: 'connect', status: 404 };
  }
  if (method === undefined || path === undefined || scheme === undefined)
    return broken('missing-pseudo-header');
  if (!pseudo.has(':authority') && !regular.has('host')) return broken('missing-authority');
  if (!path.startsWith('/')) {
    // The codec asks this of http and https only, and knows `OPTIONS *`; what it passes has no route.
    const checked = ['http', 'https'].includes(scheme.toLowerCase());
    if (checked && !(method === 'OPTIONS' && path === '*')) return broken('bad-target');
    return { details: 'absolute_path_rejected', reason: 'path-not-absolute', status: 404 };
  }
  const length = regular.get('content-length');
  if (body === 'none' && length !== undefined && Number(length) !== 0) return broken('bad-content-length');
  if (method === 'QUERY' && !regular.has('content-type'))
    return { details: 'query_missing_content_type', reason: 'query-without-content-type', status: 400 };
  return null;
}

/** Cookies may come in crumbs (RFC 9113 §8.2.3); policies and the upstream see one field. */
function joinCookies(headers: [string, string][]): [string, string][] {
  const crumbs = headers.filter(([name]) => name === 'cookie').map(([, value]) => value);
  if (crumbs.length < 2) return headers;
  return [...headers.filter(([name]) => name !== 'cookie'), ['cookie', crumbs.join('; ')]];
}

function invalid(reason: string): CheckedBlock {
  return { refusal: { details: 'http2.invalid.header.field', reason } };
}

function broken(reason: string): Http2Refusal {
  return { details: 'http2.violation.of.messaging.rule', reason };
}
