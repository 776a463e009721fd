/**
 * What Envoy's parser makes of request lines that Node's refuses (RFC 9112 §3): blanks behind the target belong to
 * the line, a control byte in the target has its own name.
 */

/** A longer line is looked at no further. */
const LONGEST = 65_536;
const BLANKS = /^[A-Z]{1,32} [\x21-\x7e]+([\t ]*) HTTP\/1\.[01]\r\n/;

/** Where the blanks stand that Envoy takes for a part of the line, one character a byte; null where there are none. */
export function blanksAfterTarget(text: string): { from: number; to: number } | null {
  const line = requestLine(text);
  const blanks = BLANKS.exec(line)?.[1] ?? '';
  if (blanks === '') return null;
  const to = line.lastIndexOf(' ');
  return { from: to - blanks.length, to };
}

/** Whether the first line holds a control byte other than the tab. */
export function hasControlInLine(text: string): boolean {
  const end = text.indexOf('\r\n');
  const line = end < 0 ? text : text.slice(0, end);
  for (let at = 0; at < line.length; at += 1) {
    const code = line.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return true;
  }
  return false;
}

/** With its line end; of a text without one, or with one too far, nothing that `BLANKS` could match. */
function requestLine(text: string): string {
  const end = text.indexOf('\r\n');
  return end > LONGEST ? '' : text.slice(0, end + 2);
}
