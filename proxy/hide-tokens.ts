/**
 * Takes signed tokens out of what is recorded, wherever they stand: a rule may look for them under any name, and the
 * caller's own sidecar knows no rule. Linear in the text.
 */

const REDACTED = '[redacted]';

/** Whether `hideTokens` could find something. */
export function mayHoldToken(text: string): boolean {
  // By its capital, which is rare in heads: V8 looks for the first character of what it is asked for.
  for (let at = text.indexOf('J'); at >= 0; at = text.indexOf('J', at + 1))
    if (text.startsWith('ey', at - 2)) return true;
  return false;
}

/** The text with everything that looks like a compact JWS of JSON taken out. */
export function hideTokens(text: string): string {
  if (!mayHoldToken(text)) return text;
  let out = '';
  for (let start = 0; start < text.length; ) {
    let end = start;
    let dots = 0;
    while (end < text.length && isTokenCharacter(text.charCodeAt(end))) {
      if (text.charCodeAt(end) === DOT) dots += 1;
      end += 1;
    }
    const run = text.slice(start, end);
    const from = run.indexOf('eyJ');
    out += dots >= 2 && from >= 0 ? run.slice(0, from) + REDACTED : run;
    out += text.slice(end, end + 1);
    start = end + 1;
  }
  return out;
}

const DOT = 0x2e;

function isTokenCharacter(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === DOT ||
    code === 0x2d ||
    code === 0x5f
  );
}
