/** Looking for words in text that is shown, in whatever case. */

/** Nothing is asked for: null. */
export function needleOf(asked: string): RegExp | null {
  return asked === '' ? null : new RegExp(`(${asked.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')})`, 'iu');
}

/** `text` in parts: every second one is what was looked for. */
export function partsOf(text: string, needle: RegExp): string[] {
  return text.split(needle);
}
