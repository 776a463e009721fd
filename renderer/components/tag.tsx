/** A verdict or state as a coloured word; the sign in front says the same without the colour. */
import type { ReactNode } from 'react';
import type { Tone } from '../reading/event-words.ts';
import { SIGN_OF } from './sign-of.ts';

/** The sign alone, for lists and trails. */
export function Sign({ tone, label }: { tone: Tone; label: string }): ReactNode {
  return (
    <span className={`sign ${tone}`} role="img" aria-label={label} title={label}>
      {SIGN_OF[tone]}
    </span>
  );
}

/** `✓ allowed`. */
export function Tag({ tone, children }: { tone: Tone; children: ReactNode }): ReactNode {
  return (
    <span className={`tag ${tone}`}>
      <span aria-hidden="true">{SIGN_OF[tone]}</span>
      {children}
    </span>
  );
}
