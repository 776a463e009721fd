/**
 * Where a command's words go: results to stdout, progress and problems to stderr, colour on a terminal only.
 * What came off the wire or out of a service is made printable first: a log line must not move the cursor.
 */
import { styleText } from 'node:util';

export type Format = 'text' | 'json';
type Style = Parameters<typeof styleText>[0];

/** A text with its style where stdout is a terminal (and NO_COLOR isn't set). */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** Control characters written out, so that hostile bytes stay text. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/** A line of the result. */
export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** A line about what is going on, beside the result. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** The result as JSON, for `--format json`. */
export function sayJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

const escape = String.fromCharCode(27);

function width(text: string): number {
  // A style is ESC [ digits m; it takes no room.
  return text
    .split(escape)
    .reduce(
      (sum, part, index) => sum + (index === 0 ? part.length : part.replace(/^\[[0-9;]*m/, '').length),
      0,
    );
}

/** Rows as columns of equal width, two spaces apart. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, width(cell))));
  return rows.map((row) =>
    row
      .map((cell, index) =>
        index === row.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - width(cell)),
      )
      .join('  ')
      .trimEnd(),
  );
}
