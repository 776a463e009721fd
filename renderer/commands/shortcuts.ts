/** Which command a key press means. Pure; the listener is in use-shortcuts.ts. */
import type { Command } from './command.ts';

/** The part of a KeyboardEvent that matters. */
export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** `mod+k`, `?`, `ArrowLeft`; null for a modifier alone. Shift is in the key itself. */
export function keyName(press: KeyPress): string | null {
  if (['Control', 'Meta', 'Shift', 'Alt'].includes(press.key)) return null;
  if (press.altKey) return null;
  const key = press.key === ' ' ? 'Space' : press.key.length === 1 ? press.key.toLowerCase() : press.key;
  return press.ctrlKey || press.metaKey ? `mod+${key}` : key;
}

/**
 * The command that `typed` (keys so far, oldest first) ends with.
 * Later commands win: what a view adds stands over what the window has.
 */
export function commandFor(commands: readonly Command[], typed: readonly string[]): Command | null {
  const matching = commands.filter((command) => {
    const keys = command.keys?.split(' ');
    return keys !== undefined && typed.slice(-keys.length).join(' ') === keys.join(' ');
  });
  return matching.at(-1) ?? null;
}

/** As printed on a key cap. */
export function keyCaps(keys: string, mac: boolean): string[] {
  const caps: Record<string, string> = {
    mod: mac ? '⌘' : 'Ctrl',
    ArrowLeft: '←',
    ArrowRight: '→',
    ArrowUp: '↑',
    ArrowDown: '↓',
    Escape: 'Esc',
  };
  return keys.split(/[ +]/).map((key) => caps[key] ?? (key.length === 1 ? key.toUpperCase() : key));
}

/** Fuzzy-free search: every word must be somewhere in the title, the group or the other words. */
export function findCommands(commands: readonly Command[], text: string): Command[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = commands.filter((command) => {
    const hay = `${command.title} ${command.group} ${command.also ?? ''}`.toLowerCase();
    return words.every((word) => hay.includes(word));
  });
  const first = words[0] ?? '';
  return found.sort(
    (a, b) =>
      Number(b.title.toLowerCase().startsWith(first)) - Number(a.title.toLowerCase().startsWith(first)),
  );
}
