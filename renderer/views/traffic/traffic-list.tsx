/**
 * The list of requests, newest first: only the rows on screen exist. What streams in never moves what is being read:
 * away from the top, the list scrolls along by exactly what came.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowUp } from 'lucide-react';
import {
  type KeyboardEvent,
  memo,
  type ReactNode,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import type { TrafficEvent } from '../../../model/traffic-event.ts';
import { Hostile } from '../../components/hostile.tsx';
import { Tag } from '../../components/tag.tsx';
import { asked, peerName, verdictWords, why } from '../../reading/event-words.ts';
import { count, milliseconds, preciseTime } from '../../reading/format.ts';
import { safeText } from '../../reading/safe-text.ts';

const ROW = 30;
const HEAD = 28;

interface TrafficListProps {
  /** Oldest first. */
  rows: readonly TrafficEvent[];
  selected: number | null;
  onSelect: (id: number) => void;
  onKeyDown: (event: KeyboardEvent) => void;
  list: RefObject<HTMLDivElement | null>;
  /** Below the last row. */
  end: ReactNode;
  /** Instead of rows. The list itself stays: what had the focus keeps it, what wants it finds it. */
  empty: ReactNode;
}

const HEADS = ['time', 'from → to', 'request', 'status', 'verdict', 'why', 'ms'];
const RIGHT = new Set(['time', 'status', 'ms']);

const Row = memo(function Row({
  event,
  selected,
  top,
  index,
  onSelect,
}: {
  event: TrafficEvent;
  selected: boolean;
  top: number;
  index: number;
  onSelect: (id: number) => void;
}): ReactNode {
  const { tone, word } = verdictWords(event.decision);
  const status = event.response?.status ?? event.decision.status;
  return (
    <div
      role="row"
      id={`event-${event.id}`}
      aria-rowindex={index + 2}
      aria-selected={selected}
      className={selected ? 'row on' : 'row'}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onSelect(event.id)}
    >
      <span role="gridcell" className="num dim">
        {preciseTime(event.at)}
      </span>
      <span role="gridcell">
        {safeText(peerName(event.from), 60)} <span className="sub">→</span>{' '}
        <b>{safeText(peerName(event.to), 60)}</b>
        {event.direction === 'outbound' ? <span className="sub"> out</span> : null}
      </span>
      <span role="gridcell">
        <Hostile text={asked(event)} cap={200} />
      </span>
      <span role="gridcell" className="num">
        {status ?? '–'}
      </span>
      <span role="gridcell">
        <Tag tone={tone}>{word}</Tag>
      </span>
      <span role="gridcell" className="dim">
        {event.findings.length > 0 ? <b className="warn">! {event.findings[0]?.code} · </b> : null}
        {safeText(why(event), 200)}
      </span>
      <span role="gridcell" className="num">
        {milliseconds(event.durationMs)}
      </span>
    </div>
  );
});

/** Scrolls along with what arrives, unless the list stands at its top. */
function useAnchor(
  rows: readonly TrafficEvent[],
  list: RefObject<HTMLDivElement | null>,
): { unseen: number; toTop: () => void } {
  const newest = useRef(rows.at(-1)?.id ?? 0);
  const [unseen, setUnseen] = useState(0);
  useLayoutEffect(() => {
    const element = list.current;
    const before = newest.current;
    newest.current = rows.at(-1)?.id ?? 0;
    if (!element || element.scrollTop < ROW / 2) return;
    let added = 0;
    for (let index = rows.length - 1; index >= 0 && (rows[index]?.id ?? 0) > before; index -= 1) added += 1;
    if (added === 0 || added === rows.length) return;
    element.scrollTop += added * ROW;
    setUnseen((count) => count + added);
  }, [rows, list]);
  useEffect(() => {
    const element = list.current;
    const onScroll = (): void => {
      if (element && element.scrollTop < ROW / 2) setUnseen(0);
    };
    element?.addEventListener('scroll', onScroll, { passive: true });
    return () => element?.removeEventListener('scroll', onScroll);
  }, [list]);
  return { unseen, toTop: () => list.current?.scrollTo({ top: 0 }) };
}

/** The list. */
export function TrafficList({
  rows,
  selected,
  onSelect,
  onKeyDown,
  list,
  end,
  empty,
}: TrafficListProps): ReactNode {
  const { unseen, toTop } = useAnchor(rows, list);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => list.current,
    estimateSize: () => ROW,
    overscan: 12,
    scrollMargin: HEAD,
    scrollPaddingStart: HEAD,
    getItemKey: (index) => rows[rows.length - 1 - index]?.id ?? index,
  });
  const opened = useRef(false);
  const at = selected === null ? -1 : rows.findLastIndex((event) => event.id === selected);
  const index = at < 0 ? -1 : rows.length - 1 - at;
  useEffect(() => {
    if (index >= 0) virtual.scrollToIndex(index, { align: opened.current ? 'auto' : 'center' });
    opened.current = true;
    // Only a new selection scrolls; new rows don't.
  }, [selected]);
  return (
    <div className="traffic">
      {unseen > 0 ? (
        <button type="button" className="unseen" onClick={toTop}>
          <ArrowUp size={12} /> {count(unseen)} new
        </button>
      ) : null}
      <div
        ref={list}
        className={rows.length > 0 ? 'rows' : 'rows none'}
        role="grid"
        aria-label="Traffic, newest first"
        aria-rowcount={rows.length + 1}
        aria-activedescendant={index >= 0 ? `event-${selected}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <div className="row heads" aria-hidden="true">
          {HEADS.map((head) => (
            <span key={head} className={RIGHT.has(head) ? 'num' : undefined}>
              {head}
            </span>
          ))}
        </div>
        <div className="rows-all" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const event = rows[rows.length - 1 - item.index];
            return event ? (
              <Row
                key={item.key}
                event={event}
                index={item.index}
                top={item.start - HEAD}
                selected={event.id === selected}
                onSelect={onSelect}
              />
            ) : null;
          })}
        </div>
        {rows.length > 0 ? end : null}
      </div>
      {rows.length > 0 ? null : empty}
      {rows.length > 0 ? null : end}
    </div>
  );
}
