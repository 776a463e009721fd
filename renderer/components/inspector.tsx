/** The third column: what is known about the selected one. */
import { X } from 'lucide-react';
import type { ReactNode } from 'react';

interface InspectorProps {
  title: ReactNode;
  sub?: ReactNode;
  /** Right of the title: a verdict. */
  aside?: ReactNode;
  onClose?: () => void;
  children: ReactNode;
}

/** The column with its heading. */
export function Inspector({ title, sub, aside, onClose, children }: InspectorProps): ReactNode {
  return (
    <aside className="side" aria-label="Details">
      <header className="head">
        <div className="head-text">
          <h2>{title}</h2>
          {sub ? <div className="sub">{sub}</div> : null}
        </div>
        {aside}
        {onClose ? (
          <button
            type="button"
            className="icon-btn"
            onClick={onClose}
            aria-label="Close details"
            title="Close (Esc)"
          >
            <X size={14} />
          </button>
        ) : null}
      </header>
      <div className="side-body">{children}</div>
    </aside>
  );
}

/** One titled part of it. */
export function Section({ title, children }: { title?: ReactNode; children: ReactNode }): ReactNode {
  return (
    <section className="sec">
      {title ? <h3>{title}</h3> : null}
      {children}
    </section>
  );
}

/** Names and values; an entry whose value is null is left out. */
export function Facts({ of }: { of: readonly (readonly [string, ReactNode])[] }): ReactNode {
  return (
    <dl className="kv">
      {of.map(([name, value]) =>
        value === null ? null : (
          <div key={name} className="kv-row">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
