/**
 * Text that came off the wire, made safe to look at: capped, and with every character that moves, hides or reorders
 * other characters shown as its code. It is only ever rendered as text.
 */
const DEFAULT_CAP = 400;
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function isHidden(code: number): boolean {
  return (
    (code >= 0x7f && code <= 0x9f) ||
    code === 0xad ||
    code === 0x61c ||
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x206f) ||
    code === 0xfeff ||
    (code >= 0xd800 && code <= 0xdfff) ||
    (code >= 0xe0000 && code <= 0xe0fff)
  );
}

function visible(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x20) return ESCAPES[char] ?? `\\x${code.toString(16).padStart(2, '0')}`;
  return isHidden(code) ? `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩` : char;
}

/** `text` as it may be shown: at most `cap` characters, control and bidi characters as visible codes. */
export function safeText(text: string, cap = DEFAULT_CAP): string {
  const cut = text.length > cap ? `${text.slice(0, cap)}… (${text.length - cap} more)` : text;
  let shown = '';
  for (const char of cut) shown += visible(char);
  return shown;
}
