/** Nothing to show, and why: the cause, one sentence, one button. */
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

interface NoticeProps {
  icon: LucideIcon;
  title: string;
  children: ReactNode;
  action?: { label: string; run: () => void };
  tone?: 'quiet' | 'deny' | 'warn';
}

/** An empty, failed or disconnected place. */
export function Notice({ icon: Icon, title, children, action, tone = 'quiet' }: NoticeProps): ReactNode {
  return (
    <div className={`notice ${tone}`} role={tone === 'quiet' ? 'status' : 'alert'}>
      <Icon size={20} aria-hidden="true" />
      <h2>{title}</h2>
      <div className="notice-text">{children}</div>
      {action ? (
        <button type="button" className="btn" onClick={action.run}>
          {action.label}
        </button>
      ) : null}
    </div>
  );
}

/** Grey bars where a list will be. */
export function Loading({ what }: { what: string }): ReactNode {
  return (
    <div className="loading" role="status" aria-label={`Loading ${what}`}>
      {[72, 54, 81, 40, 66].map((width) => (
        <i key={width} style={{ width: `${width}%` }} />
      ))}
      <span className="sub">Loading {what}…</span>
    </div>
  );
}
