/**
 * The log of services, followed while somebody looks: the host answers when there is something to tell. Lines are made
 * safe to look at as they arrive, so no view ever holds what a service really wrote.
 */
import { useEffect, useRef, useState } from 'react';
import type { LogPage, LogQuery } from '../../model/service-log.ts';
import { safeText } from '../reading/safe-text.ts';
import { errorWords } from './host-error.ts';
import { line, useWindow } from './window-store.ts';

/** As many as the host keeps of one instance. */
const KEPT = 5_000;
const LONGEST = 2_000;
const WAIT_MS = 20_000;
/** A service that floods its log must not make the window do nothing else. */
const BREATH_MS = 200;
/** Whoever types isn't done yet. */
const TYPING_MS = 200;

export interface ShownLine {
  id: number;
  instance: string;
  stream: 'stdout' | 'stderr';
  /** Safe to show. */
  text: string;
  /** Ms since the epoch. */
  at: number;
}

export interface LogQuestion {
  /** Null = of every instance. */
  instances: readonly string[] | null;
  /** Ms since the epoch; null = all that is kept. */
  since: number | null;
  /** Only lines that hold it; '' = all. */
  filter: string;
}

export interface FollowedLog {
  /** Null = not answered yet. */
  lines: readonly ShownLine[] | null;
  /** Instances that wrote more than could be read. */
  cutOff: readonly string[];
  error: string | null;
}

interface Known extends FollowedLog {
  question: string;
  /** Where the next question goes on. */
  next: number | undefined;
}

const NOTHING: Omit<Known, 'question'> = { lines: null, cutOff: [], error: null, next: undefined };

function withPage(before: Known, { lines, next, cutOff }: LogPage): Known {
  const shown = lines.map(
    ({ text, ...rest }): ShownLine => ({ ...rest, text: safeText(text.replace(/\r$/, ''), LONGEST) }),
  );
  return {
    ...before,
    lines:
      shown.length === 0 && before.lines ? before.lines : [...(before.lines ?? []), ...shown].slice(-KEPT),
    cutOff: cutOff.length === 0 ? before.cutOff : [...new Set([...before.cutOff, ...cutOff])],
    error: null,
    next,
  };
}

/** The last lines that answer `question`. While `paused` they stay as they are; what came meanwhile follows after it. */
export function useServiceLog({ instances, since, filter }: LogQuestion, paused: boolean): FollowedLog {
  const live = useWindow((state) => state.link.status === 'live');
  const session = useWindow((state) => state.session?.id ?? '');
  const question = JSON.stringify([session, instances, since, filter]);
  const latest = useRef<Known>({ question: '', ...NOTHING });
  const [known, setKnown] = useState(latest.current);
  useEffect(() => {
    if (!live) return undefined;
    let wanted = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    if (latest.current.question !== question) latest.current = { question, ...NOTHING };
    const tell = (now: Known): void => {
      latest.current = now;
      setKnown(now);
    };
    const query = {
      ...(instances ? { instances } : {}),
      ...(since === null ? {} : { since }),
      ...(filter === '' ? {} : { search: filter }),
      limit: KEPT,
    } satisfies LogQuery;
    const follow = async (): Promise<void> => {
      const { next: after } = latest.current;
      if (paused && after !== undefined) return;
      try {
        const page = await line()
          .host()
          .logs(after === undefined ? query : { ...query, after, waitMs: WAIT_MS });
        if (!wanted) return;
        tell(withPage(latest.current, page));
        timer = setTimeout(() => void follow(), BREATH_MS);
      } catch (error) {
        if (wanted) tell({ ...latest.current, error: errorWords(error) });
      }
    };
    const typing = latest.current.next === undefined && filter !== '';
    timer = setTimeout(() => void follow(), typing ? TYPING_MS : 0);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
    // `question` names what `instances`, `since` and `filter` ask.
  }, [question, paused, live]);
  return known.question === question ? known : NOTHING;
}
