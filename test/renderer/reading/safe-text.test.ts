import { describe, expect, it } from 'vitest';
import { safeText } from '../../../renderer/reading/safe-text.ts';

describe('text off the wire', () => {
  it('cannot reorder, hide or break the line that shows it', () => {
    expect(safeText('/a\u202Egpj.exe')).toBe('/a⟨U+202E⟩gpj.exe');
    expect(safeText('a\u200Bb\uFEFFc')).toBe('a⟨U+200B⟩b⟨U+FEFF⟩c');
    expect(safeText('x\r\ny\0z\u001b[31m')).toBe('x\\r\\ny\\x00z\\x1b[31m');
    expect(safeText('\u{E0041}')).toBe('⟨U+E0041⟩');
    expect(safeText('a\ud800b')).toBe('a⟨U+D800⟩b');
  });

  it('is cut, and says by how much', () => {
    expect(safeText('x'.repeat(1_000_000), 10)).toBe(`${'x'.repeat(10)}… (999990 more)`);
  });

  it('keeps what people write', () => {
    expect(safeText('/größe/日本?q=<b>&é')).toBe('/größe/日本?q=<b>&é');
  });
});
