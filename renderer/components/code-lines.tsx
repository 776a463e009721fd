/** A piece of a file with its line numbers; the lines that matter are marked. */
import { type ReactNode, useEffect, useRef } from 'react';
import type { Tone } from '../reading/event-words.ts';
import { YamlLine } from './yaml-line.tsx';

interface CodeLinesProps {
  text: string;
  /** First and last line shown, 1-based. */
  from?: number;
  to?: number;
  marked?: readonly number[];
  tone?: Tone;
  /** Hit counts by line, in a gutter of their own. */
  hits?: ReadonlyMap<number, number>;
  /** `cut` takes away the indentation that all shown lines share. */
  indent?: 'kept' | 'cut';
  /** Scrolls the first marked line into view. */
  reveal?: boolean;
  label: string;
}

const MOST_LINES = 4_000;

function sharedIndent(lines: readonly string[]): number {
  const full = lines.filter((line) => line.trim() !== '');
  return full.length === 0 ? 0 : Math.min(...full.map((line) => line.length - line.trimStart().length));
}

/** The lines. */
export function CodeLines({
  text,
  from = 1,
  to,
  marked = [],
  tone = 'deny',
  hits,
  reveal,
  indent = 'kept',
  label,
}: CodeLinesProps): ReactNode {
  const box = useRef<HTMLPreElement>(null);
  const lines = text.split('\n').slice(from - 1, Math.min(to ?? MOST_LINES, from - 1 + MOST_LINES));
  const shared = indent === 'cut' ? sharedIndent(lines) : 0;
  const first = marked[0];
  useEffect(() => {
    if (reveal && first !== undefined) box.current?.querySelector('.hl')?.scrollIntoView({ block: 'center' });
  }, [reveal, first, text]);
  return (
    <pre ref={box} className="code" aria-label={label} tabIndex={0}>
      {lines.map((line, index) => {
        const number = from + index;
        const hit = hits?.get(number);
        return (
          <span key={number} className={marked.includes(number) ? `hl ${tone}` : undefined}>
            {hits ? (
              <b title={hit ? `Requests decided by this rule: ${hit}` : undefined}>{hit ?? ''}</b>
            ) : null}
            <i>{number}</i>
            <YamlLine text={line.slice(shared)} />
          </span>
        );
      })}
    </pre>
  );
}
