/** Listens for shortcuts, except where someone types or a panel has the keyboard. */
import { useEffect, useRef } from 'react';
import type { Command } from './command.ts';
import { usePanels } from './panels.ts';
import { commandFor, keyName } from './shortcuts.ts';

const SEQUENCE_MS = 1_200;
const OWN_KEYS = new Set(['Space', 'Enter', 'ArrowLeft', 'ArrowRight']);

function types(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** A focused button keeps Space and Enter; a list or a menu keeps its arrows. */
function belongsToTarget(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement) || !OWN_KEYS.has(key)) return false;
  if (key === 'Space' || key === 'Enter') return target.closest('button, a, summary') !== null;
  return target.closest('[role="menu"], [role="radiogroup"]') !== null;
}

/** Runs the command that a key press means. */
export function useShortcuts(commands: readonly Command[]): void {
  const typed = useRef<{ keys: string[]; at: number }>({ keys: [], at: 0 });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const key = keyName(event);
      if (key === null || event.defaultPrevented) return;
      const typing = types(event.target) || usePanels.getState().open !== 'none';
      if ((typing && !key.startsWith('mod+')) || belongsToTarget(event.target, key)) return;
      const fresh = event.timeStamp - typed.current.at > SEQUENCE_MS;
      const keys = [...(fresh ? [] : typed.current.keys), key].slice(-3);
      typed.current = { keys, at: event.timeStamp };
      const command = commandFor(commands, keys);
      if (!command) return;
      event.preventDefault();
      typed.current = { keys: [], at: 0 };
      command.run();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [commands]);
}
