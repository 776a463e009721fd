/** Light, dark, or as the system says; the choice stays on this machine. */
import { create } from 'zustand';

export type ThemeChoice = 'system' | 'light' | 'dark';
export type Theme = 'light' | 'dark';

const KEY = 'greenroom.theme';

function stored(): ThemeChoice {
  const value = window.localStorage.getItem(KEY);
  return value === 'light' || value === 'dark' ? value : 'system';
}

const systemDark = (): MediaQueryList => window.matchMedia('(prefers-color-scheme: dark)');

function resolve(choice: ThemeChoice): Theme {
  if (choice !== 'system') return choice;
  return systemDark().matches ? 'dark' : 'light';
}

interface ThemeState {
  choice: ThemeChoice;
  theme: Theme;
}

export const useTheme = create<ThemeState>(() => ({ choice: 'system', theme: 'light' }));

function show(choice: ThemeChoice): void {
  const theme = resolve(choice);
  document.documentElement.dataset['theme'] = theme;
  useTheme.setState({ choice, theme });
}

/** Takes a choice and keeps it. */
export function chooseTheme(choice: ThemeChoice): void {
  window.localStorage.setItem(KEY, choice);
  show(choice);
}

/** Follows the stored choice, and the system while that is the choice. */
export function startTheme(): void {
  show(stored());
  systemDark().addEventListener('change', () => show(useTheme.getState().choice));
}
