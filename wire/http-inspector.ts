/** Whether the first bytes of a connection are HTTP, as Envoy's http_inspector tells them: by the request line. */

export type Inspection = 'http1' | 'http1.0' | 'http2' | 'other' | 'need-more';

const PREFACE = 'PRI * HTTP/2';
/** What Envoy's inspector looks at. */
const MAX_LINE = 64 * 1024;
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** A path, `*`, or a URL; no byte beyond ASCII. */
const TARGET = /^(?:\/|\*|[A-Za-z]+:\/\/)[\x21-\x7e]*$/;
const AUTHORITY = /^[\x21-\x7e]+$/;

/** `text` has one character a byte. */
export function inspectFirstBytes(text: string): Inspection {
  if (PREFACE.startsWith(text.slice(0, PREFACE.length)))
    return text.length >= PREFACE.length ? 'http2' : 'need-more';
  const end = text.indexOf('\n');
  const line = (end < 0 ? text : text.slice(0, end)).replace(/\r$/, '');
  if (end < 0) return mayBecome(line) ? 'need-more' : 'other';
  const [method = '', target = '', version = '', ...rest] = line.split(' ').filter((part) => part !== '');
  const isTarget = (method === 'CONNECT' ? AUTHORITY : TARGET).test(target);
  const known = TOKEN.test(method) && isTarget && /^HTTP\/1\.[01]$/.test(version) && rest.length === 0;
  if (!known) return 'other';
  return version === 'HTTP/1.0' ? 'http1.0' : 'http1';
}

/** A line that isn't over yet: a method, then anything that a target may hold. */
function mayBecome(line: string): boolean {
  if (line.length > MAX_LINE) return false;
  const space = line.indexOf(' ');
  const method = space < 0 ? line : line.slice(0, space);
  return method === '' ? line === '' : TOKEN.test(method);
}
