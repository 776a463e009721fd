/** Traffic: every request with its verdict, and the whole decision of the selected one. */
import { ArrowLeftRight, SearchX } from 'lucide-react';
import { type ReactNode, useMemo, useRef, useState } from 'react';
import type { TrafficEvent } from '../../../model/traffic-event.ts';
import { useLocalCommands } from '../../commands/local-commands.ts';
import { Inspector, Section } from '../../components/inspector.tsx';
import { Loading, Notice } from '../../components/notice.tsx';
import { useListKeys } from '../../components/use-list-keys.ts';
import { FILTER_KEYS } from '../../reading/traffic-filter.ts';
import { loadOlder, sendSample } from '../../store/actions.ts';
import { useEvent } from '../../store/host-data.ts';
import { select, usePlace } from '../../store/selection.ts';
import { useWindow } from '../../store/window-store.ts';
import { EventInspector } from './event-inspector.tsx';
import { TrafficFilters } from './traffic-filters.tsx';
import { TrafficList } from './traffic-list.tsx';
import { useTraffic } from './use-traffic.ts';

function Empty({ recorded }: { recorded: number }): ReactNode {
  if (recorded > 0) {
    return (
      <Notice
        icon={SearchX}
        title="No request matches"
        action={{ label: 'Clear the filter', run: () => select({ filter: '', hide: '' }) }}
      >
        {recorded} events are recorded; the filter or the toggles hide all of them.
      </Notice>
    );
  }
  return (
    <Notice
      icon={ArrowLeftRight}
      title="No traffic yet"
      action={{ label: 'Send a sample request', run: () => void sendSample() }}
    >
      Every request between your services appears here with the reason for its verdict.
    </Notice>
  );
}

function NothingSelected(): ReactNode {
  return (
    <Inspector title="No request selected" sub="Choose a row: arrows, then read on here.">
      <Section title="Filter by">
        <p className="keys">
          {FILTER_KEYS.map((key) => (
            <code key={key}>{key}:</code>
          ))}
        </p>
        <p className="sub">
          Words must all be found; <code>-</code> before one turns it round; <code>status:4xx</code> and{' '}
          <code>status:&gt;=400</code> work.
        </p>
      </Section>
    </Inspector>
  );
}

function Selected({ id, onClose }: { id: number; onClose: () => void }): ReactNode {
  const event = useEvent(id);
  if (event.status === 'ready' && event.value)
    return <EventInspector event={event.value} onClose={onClose} />;
  return (
    <Inspector title={`Event ${id}`} onClose={onClose}>
      {event.status === 'loading' ? (
        <Loading what="the event" />
      ) : (
        <Section>{event.status === 'failed' ? event.error : 'It is no longer in the recording.'}</Section>
      )}
    </Inspector>
  );
}

/** The view. */
export function TrafficView(): ReactNode {
  const { params } = usePlace();
  const [paused, setPaused] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const traffic = useTraffic(paused);
  const olderLeft = useWindow((state) => state.olderLeft);
  const recorded = useWindow((state) => state.log.length);
  const answered = useWindow((state) => state.backfilled || state.log.length > 0);
  const selected = params['event'] ? Number(params['event']) : null;
  const { rows } = traffic;
  const onSelect = useMemo(() => (id: number) => select({ event: String(id) }), []);
  const at = selected === null ? -1 : rows.findLastIndex((event) => event.id === selected);
  const close = (): void => select({ event: '' });
  const leave = (): readonly TrafficEvent[] => {
    const settled = traffic.settle();
    list.current?.focus();
    return settled;
  };
  const first = (): void => {
    const newest = leave().at(-1);
    if (newest) onSelect(newest.id);
  };
  const keys = useListKeys({
    length: rows.length,
    at: at < 0 ? -1 : rows.length - 1 - at,
    move: (index) => onSelect(rows[rows.length - 1 - index]?.id ?? 0),
    close,
    page: 20,
  });
  const commands = useMemo(
    () => [
      {
        id: 'filter',
        title: 'Filter traffic',
        group: 'Traffic' as const,
        keys: '/',
        run: () => input.current?.focus(),
      },
      {
        id: 'pause',
        title: 'Pause or resume the list',
        group: 'Traffic' as const,
        keys: 'p',
        run: () => setPaused((on) => !on),
      },
      {
        id: 'clear',
        title: 'Clear the selection',
        group: 'Traffic' as const,
        keys: 'Escape',
        run: () => select({ event: '' }),
      },
    ],
    [],
  );
  useLocalCommands(commands);
  const end = olderLeft ? (
    <button type="button" className="btn s older" onClick={() => void loadOlder()}>
      Read older traffic
    </button>
  ) : null;
  return (
    <div className="view with-side">
      <div className="column">
        <TrafficFilters
          traffic={traffic}
          paused={paused}
          onPause={() => setPaused(!paused)}
          input={input}
          onLeave={leave}
          onFirst={first}
        />
        <TrafficList
          rows={rows}
          selected={selected}
          onSelect={onSelect}
          onKeyDown={keys}
          list={list}
          end={end}
          empty={answered ? <Empty recorded={recorded} /> : <Loading what="the recording" />}
        />
      </div>
      {selected === null ? <NothingSelected /> : <Selected id={selected} onClose={close} />}
    </div>
  );
}
