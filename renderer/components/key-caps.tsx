/** A shortcut as key caps. */
import type { ReactNode } from 'react';
import { keyCaps } from '../commands/shortcuts.ts';

const MAC = typeof navigator !== 'undefined' && navigator.userAgent.includes('Mac');

/** Nothing when there is no shortcut. */
export function KeyCaps({ keys }: { keys: string | undefined }): ReactNode {
  if (!keys) return null;
  return (
    <span className="caps">
      {keyCaps(keys, MAC).map((cap, index) => (
        <kbd key={`${index}${cap}`}>{cap}</kbd>
      ))}
    </span>
  );
}
