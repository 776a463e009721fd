import { Terminal } from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { rowRuns } from '../../../renderer/reading/terminal-rows.ts';

async function firstRow(written: string, cursor: number | null = null): Promise<[string, string][]> {
  const terminal = new Terminal({ cols: 12, rows: 2, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(written, resolve));
  const line = terminal.buffer.active.getLine(0);
  const runs = line ? rowRuns(line, cursor) : [];
  terminal.dispose();
  return runs.map(({ text, className, color, background }) => [
    text,
    [className, color, background].filter(Boolean).join(' '),
  ]);
}

describe('a row of a terminal', () => {
  it('shows no character that hides or reorders others', async () => {
    expect((await firstRow('a\u202eb'))[0]?.[0].trimEnd()).toBe('a⟨U+202E⟩b');
  });

  it('shows nothing of what is invisible', async () => {
    expect((await firstRow('\x1b[8msecret'))[0]?.[0].trim()).toBe('');
  });

  it('is one run for cells that look alike', async () => {
    expect(await firstRow('ab\x1b[1;31mcd\x1b[0mefghijkl')).toEqual([
      ['ab', ''],
      ['cd', 'fg-1 bold'],
      ['efghijkl', ''],
    ]);
  });

  it('has the colours of the cube, the greys and any other', async () => {
    expect(await firstRow('\x1b[38;5;196ma\x1b[38;5;244mb\x1b[48;2;1;2;3mc\x1b[0mdefghijkl')).toEqual([
      ['a', 'rgb(255 0 0)'],
      ['b', 'rgb(128 128 128)'],
      ['c', 'rgb(128 128 128) rgb(1 2 3)'],
      ['defghijkl', ''],
    ]);
  });

  it('turns colours round where it is inverse', async () => {
    expect((await firstRow('\x1b[7;32mabcdefghijkl'))[0]).toEqual(['abcdefghijkl', 'inverse bg-2']);
  });

  it('has the cursor, and wide characters, as runs of their own', async () => {
    expect(await firstRow('a漢bcdefghij', 0)).toEqual([
      ['a', 'cursor'],
      ['漢', 'wide'],
      ['bcdefghij', ''],
    ]);
  });
});
