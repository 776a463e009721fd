/** The lock of an edge: closed, open shackle, ring. Shown on every edge, with its share in words. */
import { Circle, Lock as Closed, LockOpen } from 'lucide-react';
import type { ReactNode } from 'react';
import type { EdgeReading, Lock } from '../../store/edge-window.ts';

/** `mTLS in 98 % of requests`. */
export function lockWords(reading: EdgeReading): string {
  switch (reading.lock) {
    case 'closed':
      return 'mTLS in all requests';
    case 'open':
      return `mTLS in ${Math.max(1, Math.min(99, Math.round(reading.mutualShare * 100)))} % of requests`;
    case 'ring':
      return 'plaintext, no mTLS';
    case 'none':
      return 'no request came through';
  }
}

/** The icon. */
export function LockIcon({ lock, size = 11 }: { lock: Lock; size?: number }): ReactNode {
  switch (lock) {
    case 'closed':
      return <Closed size={size} aria-hidden="true" className="lock closed" />;
    case 'open':
      return <LockOpen size={size} aria-hidden="true" className="lock open" />;
    case 'ring':
      return <Circle size={size} aria-hidden="true" className="lock ring" />;
    case 'none':
      return null;
  }
}
