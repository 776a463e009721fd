/**
 * The plain shape of an HTTP/1.1 request (RFC 9112 §3): a common method, a target that is a path or an http URI, one
 * Host, a Content-Length or no body. It reads a subset of what `checkRequestHead` lets pass, and reads it the same;
 * everything else, broken or only rare, is `other` and for somebody else to look at.
 */
import { COLON, HOST, NO, SPACE, TARGET } from './bytes.ts';
import { BROKEN, INCOMPLETE, plainLength, readFieldLines } from './field-lines.ts';
import { joinInlineHeaders } from '../inline-headers.ts';
import { lengthsOf } from './name-lengths.ts';
import { MAX_HEADER_COUNT } from '../http1-request-checks.ts';

export interface PlainRequest {
  method: string;
  /** Path with query, not normalized. */
  rawPath: string;
  /** `:authority`: of an absolute target, else the Host field. */
  host: string;
  /** End-to-end fields, names lower-case, without Host. */
  headers: [string, string][];
  /** Bytes of the body; 0 = there is none. */
  bodyLength: number;
  /** Whether there is a Content-Length. */
  statesLength: boolean;
  /** The client wants the connection closed afterwards. */
  closes: boolean;
  /** Bytes of the head. */
  headLength: number;
}

export type RequestReading = PlainRequest | 'incomplete' | 'other';

const LONGEST_METHOD = 7;
const VERSION = 'HTTP/1.1\r\n';
const ABSOLUTE = 'http://';

/** Reads the head that begins at the first character of `text` (one a byte). */
export function readPlainRequest(text: string): RequestReading {
  const methodEnd = text.indexOf(' ');
  if (methodEnd < 0) return text.length > LONGEST_METHOD ? 'other' : 'incomplete';
  const method = plainMethod(text.slice(0, methodEnd));
  if (method === null) return 'other';
  const targetStart = methodEnd + 1;
  const targetEnd = endOfTarget(text, targetStart);
  if (targetEnd < 0) return targetEnd === INCOMPLETE ? 'incomplete' : 'other';
  const fieldsStart = targetEnd + 1 + VERSION.length;
  if (text.length < fieldsStart)
    return VERSION.startsWith(text.slice(targetEnd + 1)) ? 'incomplete' : 'other';
  if (!text.startsWith(VERSION, targetEnd + 1)) return 'other';
  const fields: [string, string][] = [];
  const headLength = readFieldLines(text, fieldsStart, fields, MAX_HEADER_COUNT);
  if (headLength < 0) return headLength === BROKEN ? 'other' : 'incomplete';
  const target = splitTarget(text.slice(targetStart, targetEnd));
  return target === null ? 'other' : (withFields(method, target, fields, headLength) ?? 'other');
}

/** Common methods, as texts of the program's own, which compare by their place; null = another. */
function plainMethod(method: string): string | null {
  switch (method) {
    case 'GET':
      return 'GET';
    case 'POST':
      return 'POST';
    case 'HEAD':
      return 'HEAD';
    case 'PUT':
      return 'PUT';
    case 'DELETE':
      return 'DELETE';
    case 'OPTIONS':
      return 'OPTIONS';
    case 'PATCH':
      return 'PATCH';
    default:
      return null;
  }
}

function endOfTarget(text: string, start: number): number {
  const { length } = text;
  for (let at = start; at < length; at += 1) {
    const code = text.charCodeAt(at);
    if (TARGET[code] === NO) return code === SPACE ? at : BROKEN;
  }
  return INCOMPLETE;
}

/** Path and, of an absolute target, authority (which stands in the Host's place, RFC 9112 §3.2.2). */
function splitTarget(target: string): { path: string; host: string | null } | null {
  if (target.charCodeAt(0) === 0x2f) return { path: target, host: null };
  if (!target.startsWith(ABSOLUTE)) return null;
  const slash = target.indexOf('/', ABSOLUTE.length);
  const host = slash < 0 ? '' : target.slice(ABSOLUTE.length, slash);
  return isPlainHost(host) ? { path: target.slice(slash), host } : null;
}

/** A name or an IPv4 address, with a port or without: what no parser reads otherwise. */
function isPlainHost(host: string): boolean {
  const { length } = host;
  let at = 0;
  while (at < length && HOST[host.charCodeAt(at)] !== NO) at += 1;
  if (at === 0) return false;
  if (at === length) return true;
  if (host.charCodeAt(at) !== COLON) return false;
  const port = plainLength(host.slice(at + 1));
  return port !== null && port <= 65_535;
}

/** What fields mean for the message itself; null where it isn't plain. */
function withFields(
  method: string,
  { path, host: targetHost }: { path: string; host: string | null },
  fields: [string, string][],
  headLength: number,
): PlainRequest | null {
  let host: string | null = null;
  let bodyLength = -1;
  let closes = false;
  let cookies = 0;
  let dropped = 0;
  for (const field of fields) {
    const [name, value] = field;
    // Most names have another length than those that matter here.
    if (OF_INTEREST[name.length] !== true) continue;
    switch (name) {
      case 'host':
        if (host !== null || !isPlainHost(value)) return null;
        host = value;
        break;
      case 'content-length': {
        const stated = plainLength(value);
        if (stated === null || bodyLength >= 0) return null;
        bodyLength = stated;
        continue;
      }
      case 'connection': {
        const option = value.toLowerCase();
        if (option !== 'keep-alive' && option !== 'close') return null;
        if (option === 'close') closes = true;
        break;
      }
      case 'keep-alive':
      case 'proxy-connection':
        break;
      case 'cookie':
        // Several are joined on the way; that is the other lane's business.
        cookies += 1;
        if (cookies > 1) return null;
        continue;
      case 'transfer-encoding':
      case 'te':
      case 'trailer':
      case 'upgrade':
      case 'expect':
      case 'http2-settings':
        return null;
      default:
        continue;
    }
    field[0] = '';
    dropped += 1;
  }
  if (host === null) return null;
  return {
    method,
    rawPath: path,
    host: targetHost ?? host,
    headers: joinTwins(dropped === 0 ? fields : fields.filter(isKept)),
    bodyLength: Math.max(bodyLength, 0),
    statesLength: bodyLength >= 0,
    closes,
    headLength,
  };
}

const OF_INTEREST = lengthsOf(
  'host content-length connection keep-alive proxy-connection cookie transfer-encoding te trailer upgrade expect ' +
    'http2-settings',
);

/** A look at all pairs is cheaper than a map, as long as they are few. */
const FEW = 16;

/** Fields that Envoy keeps one of are joined; nearly always there is nothing to join. */
function joinTwins(headers: [string, string][]): [string, string][] {
  const { length } = headers;
  if (length > FEW) return joinInlineHeaders(headers);
  for (let at = 1; at < length; at += 1) {
    const name = headers[at]?.[0];
    for (let before = 0; before < at; before += 1)
      if (headers[before]?.[0] === name) return joinInlineHeaders(headers);
  }
  return headers;
}

function isKept([name]: [string, string]): boolean {
  return name !== '';
}
