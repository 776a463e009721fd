/** Text off the wire: monospaced, capped, its control characters visible, never markup. */
import type { ReactNode } from 'react';
import { safeText } from '../reading/safe-text.ts';

/** Renders `text` as it may be shown. */
export function Hostile({ text, cap }: { text: string; cap?: number }): ReactNode {
  return (
    <bdi dir="ltr" className="mono">
      {safeText(text, cap)}
    </bdi>
  );
}
