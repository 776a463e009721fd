/** The filter box, the toggles and Pause. */
import { Pause, Play } from 'lucide-react';
import type { ReactNode, RefObject } from 'react';
import { count } from '../../reading/format.ts';
import { select } from '../../store/selection.ts';
import type { Hidden, TrafficRows } from './use-traffic.ts';

const TOGGLES: readonly [Hidden, string, string][] = [
  ['allowed', '✓ Allowed', 'Requests that were let through'],
  ['denied', '✕ Denied', 'Requests that were turned away'],
  ['handshakes', 'Handshakes', 'Handshakes and connections that were refused'],
  ['outbound', 'Both sidecars', 'The caller’s sidecar saw each request too: show that side as well'],
];

interface TrafficFiltersProps {
  traffic: TrafficRows;
  paused: boolean;
  onPause: () => void;
  input: RefObject<HTMLInputElement | null>;
  /** Enter leaves the box for the list. */
  onLeave: () => void;
  /** Arrow down leaves it for the list's first row. */
  onFirst: () => void;
}

function toggled(hidden: ReadonlySet<Hidden>, name: Hidden): string {
  const next = new Set(hidden);
  if (!next.delete(name)) next.add(name);
  // An empty value would fall out of the URL and mean the default again.
  return next.size === 0 ? 'nothing' : [...next].join(' ');
}

/** The strip above the list. */
export function TrafficFilters({
  traffic,
  paused,
  onPause,
  input,
  onLeave,
  onFirst,
}: TrafficFiltersProps): ReactNode {
  return (
    <>
      <div className="filters">
        <label className={`search ${traffic.problem ? 'bad' : ''}`}>
          <input
            ref={input}
            type="text"
            className="mono"
            aria-label="Filter traffic"
            aria-invalid={traffic.problem !== null}
            aria-describedby="filter-problem"
            placeholder="verdict:denied to:payments"
            spellCheck={false}
            autoComplete="off"
            value={traffic.filter}
            onChange={(event) => select({ filter: event.target.value })}
            onKeyDown={(event) => {
              if (event.key === 'Escape' && traffic.filter !== '') select({ filter: '' });
              else if (event.key === 'Enter' || event.key === 'Escape') onLeave();
              else if (event.key === 'ArrowDown') onFirst();
              else return;
              event.preventDefault();
            }}
          />
          {traffic.busy ? <span className="busy" role="status" aria-label="Filtering" /> : <kbd>/</kbd>}
        </label>
        <div className="toggles" role="group" aria-label="Show">
          {TOGGLES.map(([name, title, tip]) => (
            <button
              key={name}
              type="button"
              className="btn s toggle"
              title={tip}
              aria-pressed={!traffic.hidden.has(name)}
              onClick={() => select({ hide: toggled(traffic.hidden, name) })}
            >
              {title}
            </button>
          ))}
        </div>
        <span className="grow" />
        <span className="sub num">{count(traffic.rows.length)} shown</span>
        <button
          type="button"
          className="btn s"
          aria-pressed={paused}
          onClick={onPause}
          title="Pause the list (P)"
        >
          {paused ? <Play size={12} /> : <Pause size={12} />} {paused ? 'Resume' : 'Pause'}
        </button>
      </div>
      {traffic.problem ? (
        <div id="filter-problem" className="strip warn" role="alert">
          ! {traffic.problem}
        </div>
      ) : null}
    </>
  );
}
