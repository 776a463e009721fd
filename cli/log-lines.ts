/** Lines of services on a terminal: who said it, and what, so that no byte of it can do anything there. */
import type { LogLine } from '../model/service-log.ts';
import { paint, printable } from './output.ts';

const STYLES = ['cyan', 'yellow', 'green', 'magenta', 'blue'] as const;
const ESCAPE = String.fromCharCode(27);
/** Colours: they say nothing that the text doesn't. */
const COLOUR = new RegExp(`${ESCAPE}\\[[0-9;:]*m`, 'g');

/** One line's text: colours left out, tabs as blanks, every other control byte written out. */
export function logText(text: string): string {
  return printable(text.replaceAll(COLOUR, '').replaceAll('\t', '    '));
}

export interface LogStyle {
  /** Every instance that may speak, for the width and the colour of its name. */
  instances: readonly string[];
  timestamps: 'shown' | 'hidden';
}

/** `orders-0    | its words`, as `docker compose logs` has it. */
export function logLine(
  { instance, stream, text, at }: LogLine,
  { instances, timestamps }: LogStyle,
): string {
  const width = Math.max(...instances.map(({ length }) => length), instance.length);
  const style = STYLES[Math.max(0, instances.indexOf(instance)) % STYLES.length] ?? 'cyan';
  const time = timestamps === 'shown' ? `${new Date(at).toISOString()} ` : '';
  const words = logText(text);
  return `${paint(style, `${instance.padEnd(width)} |`)} ${time}${stream === 'stderr' ? paint('red', words) : words}`;
}
