/** Rows of a terminal's screen as runs of text that look alike, made safe to show. */
import { safeText } from './safe-text.ts';

export interface TerminalCell {
  getChars(): string;
  getWidth(): number;
  isBold(): number;
  isDim(): number;
  isItalic(): number;
  isUnderline(): number;
  isInverse(): number;
  isInvisible(): number;
  isFgDefault(): boolean;
  isFgPalette(): boolean;
  getFgColor(): number;
  isBgDefault(): boolean;
  isBgPalette(): boolean;
  getBgColor(): number;
}

export interface TerminalLine {
  length: number;
  getCell(x: number): TerminalCell | undefined;
}

export interface Run {
  text: string;
  className: string;
  /** CSS colours that no class stands for. */
  color: string | null;
  background: string | null;
}

interface Colour {
  /** `1`: of the sixteen that the theme has. */
  named: string | null;
  css: string | null;
}

/** The six steps of a channel in the palette's cube. */
const CUBE = [0, 95, 135, 175, 215, 255];

function paletteColour(index: number): Colour {
  if (index < 16) return { named: String(index % 8), css: null };
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return { named: null, css: `rgb(${grey} ${grey} ${grey})` };
  }
  const at = index - 16;
  const [red, green, blue] = [Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6].map(
    (step) => CUBE[step] ?? 0,
  );
  return { named: null, css: `rgb(${red} ${green} ${blue})` };
}

function rgbColour(value: number): Colour {
  return { named: null, css: `rgb(${value >> 16} ${(value >> 8) & 255} ${value & 255})` };
}

const DEFAULT: Colour = { named: null, css: null };

function look(cell: TerminalCell, cursor: boolean): Omit<Run, 'text'> {
  const front = cell.isFgDefault()
    ? DEFAULT
    : (cell.isFgPalette() ? paletteColour : rgbColour)(cell.getFgColor());
  const back = cell.isBgDefault()
    ? DEFAULT
    : (cell.isBgPalette() ? paletteColour : rgbColour)(cell.getBgColor());
  const inverse = cell.isInverse() !== 0;
  const [ink, paper] = inverse ? [back, front] : [front, back];
  const names = [
    inverse ? 'inverse' : '',
    ink.named ? `fg-${ink.named}` : '',
    paper.named ? `bg-${paper.named}` : '',
    cell.isBold() ? 'bold' : '',
    cell.isDim() ? 'dim' : '',
    cell.isItalic() ? 'italic' : '',
    cell.isUnderline() ? 'underline' : '',
    cell.getWidth() === 2 ? 'wide' : '',
    cursor ? 'cursor' : '',
  ];
  return { className: names.filter(Boolean).join(' '), color: ink.css, background: paper.css };
}

/** `cursor`: the column where it stands; null = in another row, or hidden. */
export function rowRuns(line: TerminalLine, cursor: number | null): Run[] {
  const runs: Run[] = [];
  for (let x = 0; x < line.length; x += 1) {
    const cell = line.getCell(x);
    // The second half of a wide one.
    if (!cell || cell.getWidth() === 0) continue;
    const text = cell.isInvisible() ? ' ' : safeText(cell.getChars() || ' ');
    const style = look(cell, x === cursor);
    const last = runs.at(-1);
    const alike =
      last?.className === style.className &&
      last.color === style.color &&
      last.background === style.background &&
      !/wide|cursor/.test(style.className);
    if (alike) last.text += text;
    else runs.push({ text, ...style });
  }
  return runs;
}
