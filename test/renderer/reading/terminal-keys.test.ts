import { describe, expect, it } from 'vitest';
import { keySequence } from '../../../renderer/reading/terminal-keys.ts';

const NONE = { ctrlKey: false, altKey: false, shiftKey: false, metaKey: false };

describe('a key at a terminal', () => {
  it.each([
    ['text', { key: 'a' }],
    ['text of a shifted key', { key: 'A', shiftKey: true }],
    ['text of AltGr', { key: '@', ctrlKey: true, altKey: true }],
    ['the browser’s paste', { key: 'v', ctrlKey: true }],
    ['the browser’s copy', { key: 'C', ctrlKey: true, shiftKey: true }],
    ['what leaves it', { key: 'Tab', shiftKey: true }],
    ['a shortcut of the system', { key: 'c', metaKey: true }],
    ['a modifier alone', { key: 'Control', ctrlKey: true }],
  ])('is not its own: %s', (_, key) => {
    expect(keySequence({ ...NONE, ...key }, 'normal')).toBeNull();
  });

  it.each([
    [{ key: 'Enter' }, '\r'],
    [{ key: 'Backspace' }, '\x7f'],
    [{ key: 'c', ctrlKey: true }, '\x03'],
    [{ key: ' ', ctrlKey: true }, '\0'],
    [{ key: 'b', altKey: true }, '\x1bb'],
    [{ key: 'ArrowUp' }, '\x1b[A'],
    [{ key: 'ArrowLeft', ctrlKey: true }, '\x1b[1;5D'],
    [{ key: 'Delete' }, '\x1b[3~'],
    [{ key: 'F1' }, '\x1bOP'],
  ])('is sent as xterm does: %j', (key, bytes) => {
    expect(keySequence({ ...NONE, ...key }, 'normal')).toBe(bytes);
  });

  it('moves as an application asked for', () => {
    expect(keySequence({ ...NONE, key: 'ArrowUp' }, 'application')).toBe('\x1bOA');
  });
});
