/** What a service writes: of one instance, all of them, or everybody; followed, filtered, searched, paused. */
import { ChevronDown, ChevronUp, Pause, Play } from 'lucide-react';
import { type ReactNode, useMemo, useRef, useState } from 'react';
import type { WorkloadState } from '../../../model/session-state.ts';
import { useLocalCommands } from '../../commands/local-commands.ts';
import { needleOf } from '../../reading/find-in-text.ts';
import { clockTime, count } from '../../reading/format.ts';
import { isLogSince, LOG_SINCE, type LogSince, momentOf } from '../../reading/log-since.ts';
import { safeText } from '../../reading/safe-text.ts';
import { useServiceLog } from '../../store/service-log.ts';
import { LogLines } from './log-lines.tsx';

type Of = 'instance' | 'service' | 'everybody';

const OF: readonly Of[] = ['instance', 'service', 'everybody'];
/** What the host takes. */
const LONGEST_FILTER = 1_000;

interface LogPanelProps {
  workload: WorkloadState;
  instance: string;
}

/** The panel under the list of instances. */
export function LogPanel({ workload, instance }: LogPanelProps): ReactNode {
  const [of, setOf] = useState<Of>('instance');
  const [since, setSince] = useState<{ of: LogSince; moment: number | null }>({ of: 'all', moment: null });
  const [filter, setFilter] = useState('');
  const [find, setFind] = useState('');
  const [found, setFound] = useState<number | null>(null);
  const [paused, setPaused] = useState(false);
  const filterBox = useRef<HTMLInputElement>(null);
  const findBox = useRef<HTMLInputElement>(null);

  const all = workload.instances.map(({ id }) => id);
  const asked = { instance: [instance], service: all, everybody: null }[of];
  const log = useServiceLog({ instances: asked, since: since.moment, filter }, paused);
  const lines = log.lines ?? [];
  const needle = useMemo(() => needleOf(find), [find]);
  const matches = useMemo(
    () => (needle ? (log.lines ?? []).filter(({ text }) => needle.test(text)) : []),
    [log.lines, needle],
  );
  const at = matches.findIndex(({ id }) => id === found);
  const go = (by: 1 | -1): void => {
    const next = at < 0 ? matches.length - 1 : (at + by + matches.length) % matches.length;
    setFound(matches[next]?.id ?? null);
  };
  useLocalCommands(
    useMemo(
      () => [
        {
          id: 'filter-log',
          title: 'Filter the log',
          group: 'Service' as const,
          keys: '/',
          run: () => filterBox.current?.focus(),
        },
        {
          id: 'find-log',
          title: 'Find in the log',
          group: 'Service' as const,
          keys: 'f',
          run: () => findBox.current?.focus(),
        },
        {
          id: 'pause-log',
          title: 'Pause or resume the log',
          group: 'Service' as const,
          keys: 'p',
          run: () => setPaused((on) => !on),
        },
      ],
      [],
    ),
  );

  const names = { instance, service: `all of ${workload.name}`, everybody: 'every service' };
  return (
    <section className="log-panel" aria-label="Log">
      <div className="log-bar">
        <h3>Log</h3>
        <select
          className="field"
          aria-label="Whose log"
          value={of}
          onChange={(event) => setOf(OF.find((one) => one === event.target.value) ?? 'instance')}
        >
          {OF.map((one) => (
            <option key={one} value={one}>
              {names[one]}
            </option>
          ))}
        </select>
        <select
          className="field"
          aria-label="From when on"
          value={since.of}
          onChange={({ target: { value } }) => {
            if (isLogSince(value)) setSince({ of: value, moment: momentOf(value, Date.now()) });
          }}
        >
          {Object.entries(LOG_SINCE).map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
        <input
          ref={filterBox}
          className="field mono"
          aria-label="Filter the log"
          placeholder="Filter ( / )"
          maxLength={LONGEST_FILTER}
          spellCheck={false}
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') setFilter('');
          }}
        />
        <div className="log-find">
          <input
            ref={findBox}
            className="field mono"
            aria-label="Find in the log"
            placeholder="Find ( f )"
            spellCheck={false}
            value={find}
            onChange={({ target: { value } }) => {
              const wanted = needleOf(value);
              setFind(value);
              setFound(wanted ? (lines.findLast(({ text }) => wanted.test(text))?.id ?? null) : null);
            }}
            onKeyDown={(event) => {
              if (event.key === 'Enter') go(event.shiftKey ? -1 : 1);
              else if (event.key === 'Escape') {
                setFind('');
                setFound(null);
              }
            }}
          />
          {needle === null ? null : (
            <span className="sub num" role="status">
              {matches.length === 0
                ? 'not found'
                : `${at < 0 ? '–' : count(at + 1)} of ${count(matches.length)}`}
            </span>
          )}
          <button
            type="button"
            className="icon-btn"
            aria-label="Previous line found"
            title="Previous (Shift Enter)"
            disabled={matches.length === 0}
            onClick={() => go(-1)}
          >
            <ChevronUp size={14} />
          </button>
          <button
            type="button"
            className="icon-btn"
            aria-label="Next line found"
            title="Next (Enter)"
            disabled={matches.length === 0}
            onClick={() => go(1)}
          >
            <ChevronDown size={14} />
          </button>
        </div>
        <span className="grow" />
        <button
          type="button"
          className="btn s"
          aria-pressed={paused}
          title="Pause the log (P)"
          onClick={() => setPaused(!paused)}
        >
          {paused ? <Play size={12} /> : <Pause size={12} />} {paused ? 'Resume' : 'Pause'}
        </button>
      </div>
      {log.error === null ? null : (
        <p className="strip deny" role="alert">
          ✕ The log can’t be read: {safeText(log.error, 300)}
        </p>
      )}
      {log.cutOff.length === 0 ? null : (
        <p className="strip warn" role="status">
          ! {log.cutOff.join(', ')} wrote more than could be read: lines are left out here.
        </p>
      )}
      {lines.length === 0 && log.error === null ? (
        <p className="sub log-none">{log.lines === null ? 'Reading the log…' : emptyWords()}</p>
      ) : (
        <LogLines
          key={`${of} ${instance}`}
          lines={lines}
          label={`Log of ${names[of]}`}
          names={of === 'instance' ? 'hidden' : 'shown'}
          needle={needle}
          found={found}
        />
      )}
    </section>
  );

  function emptyWords(): string {
    const when = since.moment === null ? '' : ` since ${clockTime(since.moment)}`;
    if (filter !== '') return `No line of ${names[of]}${when} holds “${safeText(filter, 100)}”.`;
    if (when !== '') return `Nothing of ${names[of]}${when}.`;
    return of === 'everybody' ? 'No service has said anything yet.' : `${names[of]} has said nothing yet.`;
  }
}
