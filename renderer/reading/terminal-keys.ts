/** Keys as a terminal sends them, after xterm's table of control sequences. What makes text is typed as text instead. */

interface Key {
  key: string;
  ctrlKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  metaKey: boolean;
}

/** After ESC [, or ESC O where a program asked for application cursor keys. */
const CURSOR: Readonly<Record<string, string>> = {
  ArrowUp: 'A',
  ArrowDown: 'B',
  ArrowRight: 'C',
  ArrowLeft: 'D',
  Home: 'H',
  End: 'F',
};
const EDITING: Readonly<Record<string, string>> = { Insert: '2', Delete: '3', PageUp: '5', PageDown: '6' };
const PLAIN: Readonly<Record<string, string>> = {
  Enter: '\r',
  Backspace: '\x7f',
  Tab: '\t',
  Escape: '\x1b',
  F1: '\x1bOP',
  F2: '\x1bOQ',
  F3: '\x1bOR',
  F4: '\x1bOS',
};

/** The bytes as text; null = not the terminal's: text, the browser's own, or Shift Tab, by which one leaves. */
export function keySequence(
  { key, ctrlKey, altKey, shiftKey, metaKey }: Key,
  cursor: 'normal' | 'application',
): string | null {
  if (metaKey || (key === 'Tab' && shiftKey)) return null;
  const modifier = 1 + (shiftKey ? 1 : 0) + (altKey ? 2 : 0) + (ctrlKey ? 4 : 0);
  const move = CURSOR[key];
  if (move !== undefined) {
    if (modifier > 1) return `\x1b[1;${modifier}${move}`;
    return `${cursor === 'application' ? '\x1bO' : '\x1b['}${move}`;
  }
  const edit = EDITING[key];
  if (edit !== undefined) return `\x1b[${edit}${modifier > 1 ? `;${modifier}` : ''}~`;
  const plain = PLAIN[key];
  if (plain !== undefined) return altKey ? `\x1b${plain}` : plain;
  if (key.length !== 1 || shiftKey || ctrlKey === altKey) return null;
  if (altKey) return `\x1b${key}`;
  if (/^[a-uw-z]$/.test(key)) return String.fromCharCode(key.charCodeAt(0) - 96);
  return { ' ': '\0', '[': '\x1b', '\\': '\x1c', ']': '\x1d' }[key] ?? null;
}
