/** The window's mark, and one icon a view: one 16 px stroke set. */
import {
  ArrowLeftRight,
  IdCard,
  type LucideIcon,
  Play,
  Server,
  Shield,
  Upload,
  Waypoints,
} from 'lucide-react';
import type { ReactNode } from 'react';
import type { ViewName } from '../store/selection.ts';

export const VIEW_ICONS: Record<ViewName, LucideIcon> = {
  topology: Waypoints,
  traffic: ArrowLeftRight,
  rehearsals: Play,
  policies: Shield,
  identities: IdCard,
  services: Server,
  export: Upload,
};

/** The tick in the green square. */
export function Mark(): ReactNode {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true" className="mark">
      <rect x="2" y="2" width="16" height="16" rx="5" fill="currentColor" />
      <path
        d="M6.5 10.3 9 12.8l4.7-5.6"
        fill="none"
        stroke="var(--on-accent)"
        strokeWidth="1.9"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
