/** Commands that exist only while a view is on screen. */
import { useEffect } from 'react';
import { create } from 'zustand';
import type { Command } from './command.ts';

interface Local {
  commands: readonly Command[];
}

export const useLocal = create<Local>(() => ({ commands: [] }));

/** Adds `commands` while the calling component is mounted; give it a stable list. */
export function useLocalCommands(commands: readonly Command[]): void {
  useEffect(() => {
    useLocal.setState((state) => ({ commands: [...state.commands, ...commands] }));
    return () =>
      useLocal.setState((state) => ({ commands: state.commands.filter((one) => !commands.includes(one)) }));
  }, [commands]);
}
