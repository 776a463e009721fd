/**
 * The head of an HTTP/1 response (RFC 9112 §4, §6.3), strict: what two parsers could delimit differently is broken.
 */
import { CR, LF, NO, VALUE } from './bytes.ts';
import { BROKEN, INCOMPLETE, plainLength, readFieldLines } from './field-lines.ts';
import { lengthsOf } from './name-lengths.ts';

/** How the end of a response's body is known. */
export type ResponseFraming = 'none' | 'length' | 'chunked' | 'close';

export interface PlainResponse {
  status: number;
  /** End-to-end fields, names lower-case. */
  headers: [string, string][];
  framing: ResponseFraming;
  /** Bytes of the body, by `length`; -1 without a Content-Length. */
  length: number;
  /** Another request may be sent on the connection. */
  keepsAlive: boolean;
  /** For how long the upstream keeps an idle connection, ms; null = it doesn't say. */
  keepAliveMs: number | null;
  /** Bytes of the head. */
  headLength: number;
}

export type ResponseReading = PlainResponse | 'incomplete' | 'broken';

/** A response may have more of them than a request. */
const MAX_FIELDS = 200;
const STATUS_LINE = 'HTTP/1.1 200';

/** Reads the head that begins at the first character of `text`; `method` is the request's. */
export function readResponseHead(text: string, method: string): ResponseReading {
  if (text.length < STATUS_LINE.length + 2) return isStart(text) ? 'incomplete' : 'broken';
  if (!isStart(text)) return 'broken';
  const status = statusOf(text);
  const lineEnd = status < 0 ? BROKEN : endOfReason(text);
  if (lineEnd === BROKEN) return 'broken';
  if (lineEnd === INCOMPLETE) return 'incomplete';
  const fields: [string, string][] = [];
  const headLength = readFieldLines(text, lineEnd, fields, MAX_FIELDS);
  if (headLength < 0) return headLength === BROKEN ? 'broken' : 'incomplete';
  const minor = text.charCodeAt(7) - 0x30;
  return withFields(fields, { status, method, minor, headLength }) ?? 'broken';
}

/** Whether `HTTP/1.0 ` or `HTTP/1.1 ` stands there, as far as it goes. */
function isStart(text: string): boolean {
  return 'HTTP/1.1 '.startsWith(text.slice(0, 9)) || 'HTTP/1.0 '.startsWith(text.slice(0, 9));
}

function statusOf(text: string): number {
  let status = 0;
  for (let at = 9; at < 12; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return BROKEN;
    status = status * 10 + digit;
  }
  return status >= 100 ? status : BROKEN;
}

/** Position behind the status line; the reason may be missing, its blank too. */
function endOfReason(text: string): number {
  const { length } = text;
  let at = STATUS_LINE.length;
  const first = text.charCodeAt(at);
  if (first !== 0x20 && first !== CR) return BROKEN;
  while (at < length && VALUE[text.charCodeAt(at)] !== NO) at += 1;
  if (at + 1 >= length) return at < length && text.charCodeAt(at) !== CR ? BROKEN : INCOMPLETE;
  return text.charCodeAt(at) === CR && text.charCodeAt(at + 1) === LF ? at + 2 : BROKEN;
}

interface Line {
  status: number;
  method: string;
  minor: number;
  headLength: number;
}

function withFields(
  fields: [string, string][],
  { status, method, minor, headLength }: Line,
): PlainResponse | null {
  let length = -1;
  let chunked = false;
  let keepsAlive = minor === 1;
  let closes = false;
  let keepAliveMs: number | null = null;
  let dropped = 0;
  for (const field of fields) {
    const [name, value] = field;
    // Most names have another length than those that matter here.
    if (OF_INTEREST[name.length] !== true) continue;
    switch (name) {
      case 'content-length': {
        const stated = plainLength(value);
        if (stated === null || length >= 0) return null;
        length = stated;
        continue;
      }
      case 'transfer-encoding':
        // Any other coding is one that we couldn't take off, and chunked twice is none.
        if (chunked || value.toLowerCase() !== 'chunked') return null;
        chunked = true;
        break;
      case 'connection': {
        const options = value.toLowerCase();
        // `close` counts, whatever stands beside it (RFC 9112 §9.3).
        if (options.includes('close')) closes = true;
        if (options.includes('keep-alive')) keepsAlive = true;
        break;
      }
      case 'keep-alive':
        keepAliveMs = timeoutOf(value);
        break;
      case 'proxy-connection':
      case 'upgrade':
        break;
      default:
        continue;
    }
    field[0] = '';
    dropped += 1;
  }
  if (chunked && length >= 0) return null;
  const bodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304;
  const framing = bodiless || length === 0 ? 'none' : length > 0 ? 'length' : chunked ? 'chunked' : 'close';
  return {
    status,
    headers: dropped === 0 ? fields : fields.filter(([name]) => name !== ''),
    framing,
    length,
    keepsAlive: keepsAlive && !closes && framing !== 'close',
    keepAliveMs,
    headLength,
  };
}

const OF_INTEREST = lengthsOf(
  'content-length transfer-encoding connection keep-alive proxy-connection upgrade',
);

function timeoutOf(value: string): number | null {
  const seconds = /(?:^|[,;\s])timeout=([0-9]{1,6})/.exec(value.toLowerCase())?.[1];
  return seconds === undefined ? null : Number(seconds) * 1_000;
}
