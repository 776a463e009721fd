/** The sign that goes with a colour, so that a verdict is never told by colour alone. */
import type { Tone } from '../reading/event-words.ts';

export const SIGN_OF: Readonly<Record<Tone, string>> = {
  allow: '✓',
  deny: '✕',
  warn: '!',
  info: 'i',
  quiet: '–',
};
