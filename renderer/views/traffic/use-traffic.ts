/** The rows that Traffic shows: the filter's, minus what the toggles hide, frozen while paused. */
import { useDeferredValue, useMemo, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import type { TrafficEvent } from '../../../model/traffic-event.ts';
import { parseFilter } from '../../reading/traffic-filter.ts';
import type { EventLog } from '../../store/event-log.ts';
import { type Filtered, filterLog } from '../../store/filtered.ts';
import { usePlace } from '../../store/selection.ts';
import { useWindow } from '../../store/window-store.ts';

/** What a toggle hides, as it stands in the URL. */
export type Hidden = 'allowed' | 'denied' | 'handshakes' | 'outbound';

/** The callers' own sidecars see each request once more; that side is shown on demand. */
const HIDDEN_AT_FIRST = 'outbound';

export interface TrafficRows {
  /** Oldest first. */
  rows: readonly TrafficEvent[];
  problem: string | null;
  /** Whether the rows on screen are still those of the filter before. */
  busy: boolean;
  hidden: ReadonlySet<Hidden>;
  filter: string;
  /** Draws what is asked for now at once, and returns its rows: a key that comes next must not act on older ones. */
  settle: () => readonly TrafficEvent[];
}

/** Reads the toggles. */
export function hiddenOf(params: Readonly<Record<string, string>>): Set<Hidden> {
  const text = params['hide'] ?? HIDDEN_AT_FIRST;
  return new Set(
    text.split(' ').filter((one): one is Hidden => /^(allowed|denied|handshakes|outbound)$/.test(one)),
  );
}

function hides(hidden: ReadonlySet<Hidden>, event: TrafficEvent): boolean {
  const denied = event.decision.verdict === 'deny';
  if (event.kind === 'handshake' || event.kind === 'connection') return hidden.has('handshakes');
  if (event.direction === 'outbound' && !denied && hidden.has('outbound')) return true;
  return hidden.has(denied ? 'denied' : 'allowed');
}

/** The rows now. */
export function useTraffic(paused: boolean): TrafficRows {
  const { params } = usePlace();
  const live = useWindow((state) => state.log);
  const frozen = useRef<EventLog | null>(null);
  frozen.current = paused ? (frozen.current ?? live) : null;
  const log = frozen.current ?? live;
  const filter = params['filter'] ?? '';
  const hide = params['hide'] ?? HIDDEN_AT_FIRST;
  const asked = useMemo(() => ({ filter, hide }), [filter, hide]);
  const deferred = useDeferredValue(asked);
  const [settled, setSettled] = useState(asked);
  const drawn = settled === asked ? asked : deferred;
  const { test, problem } = useMemo(() => {
    const parsed = parseFilter(drawn.filter);
    const hidden = hiddenOf(drawn);
    const passes = parsed.ok ? parsed.test : () => true;
    return {
      test: (event: TrafficEvent) => !hides(hidden, event) && passes(event),
      problem: parsed.ok ? null : parsed.problem,
    };
  }, [drawn]);
  const previous = useRef<Filtered | undefined>(undefined);
  const filtered = useMemo(() => filterLog(log, test, previous.current), [log, test]);
  previous.current = filtered;
  return {
    rows: filtered.rows,
    problem,
    busy: drawn !== asked,
    hidden: hiddenOf(asked),
    filter,
    settle: () => {
      flushSync(() => setSettled(asked));
      return previous.current?.rows ?? [];
    },
  };
}
