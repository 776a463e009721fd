/**
 * How deep a YAML text nests, estimated without parsing it. The parser recurses once a level and can exhaust the
 * stack (seen to abort the whole process), so texts that nest absurdly never reach it. The estimate is an upper
 * bound: brackets within strings count too, which is why the limit is far above what people write.
 */

export const MAX_NESTING = 200;

/** The 1-based line and column where the text nests too deeply, or null. */
export function nestsTooDeep(text: string): { line: number; column: number } | null {
  let line = 0;
  let brackets = 0;
  let start = 0;
  const indents: number[] = [];
  while (start <= text.length) {
    line += 1;
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    if (text.startsWith('---', start)) {
      brackets = 0;
      indents.length = 0;
    }
    const content = enterBlocks(text, start, end, indents);
    if (indents.length > MAX_NESTING) return { line, column: content - start + 1 };
    for (let at = content; at < end; at += 1) {
      const character = text.charCodeAt(at);
      if (character === 0x5b || character === 0x7b) brackets += 1;
      else if (character === 0x5d || character === 0x7d) brackets = Math.max(0, brackets - 1);
      if (brackets > MAX_NESTING) return { line, column: at - start + 1 };
    }
    start = end + 1;
  }
  return null;
}

/** Follows one line's indentation and its leading `- ` and `? ` markers; returns where its content starts. */
function enterBlocks(text: string, start: number, end: number, indents: number[]): number {
  let at = start;
  for (;;) {
    while (at < end && (text[at] === ' ' || text[at] === '\t')) at += 1;
    if (at >= end || text[at] === '\r') return at;
    const indent = at - start;
    while (indents.length > 0 && (indents[indents.length - 1] ?? 0) >= indent) indents.pop();
    indents.push(indent);
    const marker = text[at] === '-' || text[at] === '?' || text[at] === ':';
    const space = text[at + 1];
    if (!marker || (space !== ' ' && space !== '\t') || indents.length > MAX_NESTING) return at;
    at += 1;
  }
}
