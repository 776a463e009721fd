import { describe, expect, it } from 'vitest';
import type { Command } from '../../../renderer/commands/command.ts';
import { commandFor, findCommands, keyCaps, keyName } from '../../../renderer/commands/shortcuts.ts';

const press = (key: string, over = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...over });
const command = (id: string, keys?: string): Command => ({
  id,
  title: id,
  group: 'Window',
  ...(keys ? { keys } : {}),
  run: () => undefined,
});

describe('shortcuts', () => {
  it('mean nothing for a modifier alone, nor with Alt, which writes letters on many keyboards', () => {
    expect(keyName(press('Shift'))).toBeNull();
    expect(keyName(press('@', { altKey: true }))).toBeNull();
  });

  it('know Ctrl and ⌘ as one', () => {
    expect([
      keyName(press('K', { ctrlKey: true })),
      keyName(press('k', { metaKey: true })),
      keyName(press(' ')),
    ]).toEqual(['mod+k', 'mod+k', 'Space']);
  });

  it('prefer what a view adds over what the window has', () => {
    const commands = [command('window', 'p'), command('view', 'p'), command('long', 'g t')];
    expect(commandFor(commands, ['x', 'p'])?.id).toBe('view');
    expect(commandFor(commands, ['g', 't'])?.id).toBe('long');
    expect(commandFor(commands, ['t'])).toBeNull();
  });

  it('are found in the palette by any of their words', () => {
    const commands = [command('Show denied requests'), command('Denied first')];
    expect(findCommands(commands, 'denied').map((one) => one.id)).toEqual([
      'Denied first',
      'Show denied requests',
    ]);
    expect(findCommands(commands, 'window requests').length).toBe(1);
    expect(findCommands(commands, 'nothing')).toEqual([]);
  });

  it('are printed as key caps', () => {
    expect([keyCaps('mod+k', false), keyCaps('mod+k', true), keyCaps('ArrowLeft', false)]).toEqual([
      ['Ctrl', 'K'],
      ['⌘', 'K'],
      ['←'],
    ]);
  });
});
