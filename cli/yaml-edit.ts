/**
 * Changes of single places in YAML text: the parsed document says where a node begins and ends, and only those
 * characters change. Comments, order and style of everything else stay. What can't be placed is left alone.
 */
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseAllDocuments, visit } from 'yaml';
import type { Fix } from '../policy/lint.ts';

interface Splice {
  start: number;
  end: number;
  text: string;
}

/** Applies those fixes that can be placed; their files are the caller's business. */
export function editYaml(text: string, fixes: readonly Fix[]): { text: string; applied: Fix[] } {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const source = text.slice(mark.length);
  const placed = fixes
    .flatMap((fix) => {
      const splice = place(source, fix);
      return splice ? [{ fix, splice }] : [];
    })
    .sort((a, b) => b.splice.start - a.splice.start);
  const applied: Fix[] = [];
  let edited = source;
  let before = Number.POSITIVE_INFINITY;
  for (const { fix, splice } of placed) {
    // Two changes of one place: the second is judged anew when the first is done.
    if (splice.end > before || splice.start === before) continue;
    edited = edited.slice(0, splice.start) + splice.text + edited.slice(splice.end);
    before = splice.start;
    applied.push(fix);
  }
  return parses(edited) ? { text: mark + edited, applied } : { text, applied: [] };
}

function parses(text: string): boolean {
  const documents = parseAllDocuments(text, { logLevel: 'silent' });
  return Array.isArray(documents) && documents.every(({ errors }) => errors.length === 0);
}

function place(source: string, { at, change }: Fix): Splice | null {
  const lines = new LineCounter();
  const documents = parseAllDocuments(source, { lineCounter: lines, logLevel: 'silent', uniqueKeys: false });
  const lineStart = lines.lineStarts[at.line - 1];
  if (lineStart === undefined || !Array.isArray(documents)) return null;
  const offset = lineStart + at.column - 1;
  let found: Splice | null = null;
  for (const document of documents) {
    visit(document, {
      Scalar: (_key, node) => {
        if (change.kind !== 'replace' || node.anchor || node.range?.[0] !== offset) return undefined;
        found = { start: node.range[0], end: node.range[1], text: scalar(change.value) };
        return visit.BREAK;
      },
      Pair: (_key, pair) => {
        if (change.kind === 'replace' || !beginsAt(pair, offset)) return undefined;
        found =
          change.kind === 'append'
            ? appended(source, pair, change.values)
            : withList(source, pair, change.key, change.values);
        return visit.BREAK;
      },
    });
    if (found) return found;
  }
  return found;
}

function beginsAt({ key }: Pair, offset: number): boolean {
  return isScalar(key) && key.range?.[0] === offset;
}

function appended(source: string, { value }: Pair, values: readonly string[]): Splice | null {
  if (!isSeq(value)) return null;
  const last = value.items.at(-1) as Node | undefined;
  const [start, end] = last?.range ?? [];
  if (start === undefined || end === undefined) return null;
  if (value.flow) return insertion(end, values.map((one) => `, ${scalar(one)}`).join(''));
  const indent = /(?:^|\n)([ \t]*)- $/.exec(source.slice(0, start))?.[1];
  if (indent === undefined) return null;
  return insertion(endOfLine(source, end), values.map((one) => `\n${indent}- ${scalar(one)}`).join(''));
}

function withList(source: string, { value }: Pair, key: string, values: readonly string[]): Splice | null {
  if (!isMap(value) || value.has(key) || !value.range) return null;
  const list = `${key}: [${values.map(scalar).join(', ')}]`;
  if (value.flow) return insertion(value.range[0] + 1, ` ${list},`);
  const [first] = value.items;
  const start = isScalar(first?.key) ? first.key.range?.[0] : undefined;
  if (start === undefined) return null;
  const lineStart = source.lastIndexOf('\n', start - 1) + 1;
  const indent = source.slice(lineStart, start);
  return indent.trim() === '' ? insertion(start, `${list}\n${indent}`) : null;
}

function insertion(at: number, text: string): Splice {
  return { start: at, end: at, text };
}

function endOfLine(source: string, from: number): number {
  const end = source.indexOf('\n', from);
  const line = end < 0 ? source.length : end;
  return source[line - 1] === '\r' ? line - 1 : line;
}

/** Plain where nobody could misread it, else in double quotes. */
function scalar(text: string): string {
  return /^[/A-Za-z][\w./-]*$/.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
