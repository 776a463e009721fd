/** Lines of a log, newest below. It stays at the end while one is there, and where one reads otherwise. */
import { ArrowDown } from 'lucide-react';
import { memo, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { partsOf } from '../../reading/find-in-text.ts';
import { clockTime } from '../../reading/format.ts';
import type { ShownLine } from '../../store/service-log.ts';

/** So near to the end is the end: heights are fractions of a pixel. */
const NEAR = 8;

interface LogLinesProps {
  lines: readonly ShownLine[];
  label: string;
  /** Who wrote each line is told. */
  names: 'shown' | 'hidden';
  needle: RegExp | null;
  /** Id of the line that was found. */
  found: number | null;
}

/** The list. */
export function LogLines({ lines, label, names, needle, found }: LogLinesProps): ReactNode {
  const box = useRef<HTMLPreElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  /** Where it stood last, as told by itself or by an event. */
  const stood = useRef(0);
  const toEnd = (): void => {
    if (!box.current) return;
    box.current.scrollTo({ top: box.current.scrollHeight });
    stood.current = box.current.scrollTop;
  };
  useLayoutEffect(() => {
    if (!atEnd || !box.current) return;
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    // Who has left the end stays away, also where the event that tells so is still to come.
    if (scrollTop > Math.min(stood.current, scrollHeight - clientHeight) - NEAR) toEnd();
    // Only what arrives moves it.
  }, [lines]);
  useEffect(() => {
    if (found !== null)
      box.current?.querySelector(`[data-line="${found}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [found]);
  return (
    <div className="log-box">
      <pre
        ref={box}
        className="code logs"
        tabIndex={0}
        role="log"
        aria-label={label}
        aria-live="off"
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          stood.current = scrollTop;
          setAtEnd(scrollHeight - scrollTop - clientHeight < NEAR);
        }}
      >
        {lines.map((one) => (
          <Line
            key={one.id}
            line={one}
            names={names}
            needle={needle?.test(one.text) ? needle : null}
            here={one.id === found ? 'here' : ''}
          />
        ))}
      </pre>
      {atEnd ? null : (
        <button type="button" className="unseen newest" onClick={toEnd}>
          <ArrowDown size={12} /> Newest
        </button>
      )}
    </div>
  );
}

interface LineProps {
  line: ShownLine;
  names: LogLinesProps['names'];
  needle: RegExp | null;
  here: string;
}

const Line = memo(function Line({ line, names, needle, here }: LineProps): ReactNode {
  return (
    <span data-line={line.id} className={`${line.stream} ${here}`}>
      <i>{clockTime(line.at)}</i>
      {names === 'shown' ? <em>{line.instance}</em> : null}
      {line.stream === 'stderr' ? '! ' : ''}
      {needle === null
        ? line.text
        : // A part has no name but its place.
          partsOf(line.text, needle).map((part, index) =>
            index % 2 === 1 ? <mark key={index}>{part}</mark> : part,
          )}
    </span>
  );
});
