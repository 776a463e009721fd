/** Arrows, Home, End, Page Up and Page Down for a list with one selected row. */
import { type KeyboardEvent, useCallback } from 'react';

interface ListKeys {
  length: number;
  /** Index of the selected row; -1 for none. */
  at: number;
  move: (index: number) => void;
  open?: () => void;
  close?: () => void;
  page?: number;
}

function target(key: string, { length, at, page = 10 }: ListKeys): number | null {
  switch (key) {
    case 'ArrowDown':
    case 'j':
      return at + 1;
    case 'ArrowUp':
    case 'k':
      return at < 0 ? 0 : at - 1;
    case 'PageDown':
      return at + page;
    case 'PageUp':
      return at - page;
    case 'Home':
      return 0;
    case 'End':
      return length - 1;
    default:
      return null;
  }
}

/** A keydown handler for the list's container. */
export function useListKeys(keys: ListKeys): (event: KeyboardEvent) => void {
  return useCallback(
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === 'Enter' && keys.open) keys.open();
      else if (event.key === 'Escape' && keys.close) keys.close();
      else {
        const index = target(event.key, keys);
        if (index === null || keys.length === 0) return;
        keys.move(Math.max(0, Math.min(keys.length - 1, index)));
      }
      event.preventDefault();
      event.stopPropagation();
    },
    [keys],
  );
}
