/**
 * Answers of the host that are fetched rather than streamed, kept until what they depend on changes. A view gets one of
 * three states and draws each.
 */
import { useEffect, useState } from 'react';
import type { Explanation } from '../../model/decision.ts';
import type { Refusals } from '../../model/refusals.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import type { ExportPreview, PolicyFile, ScenarioSummary } from './contract.ts';
import { eventById } from './event-log.ts';
import { errorWords } from './host-error.ts';
import { line, useWindow } from './window-store.ts';

export type Fetched<T> =
  | { status: 'loading' }
  | { status: 'failed'; error: string }
  | { status: 'ready'; value: T };

const LOADING = { status: 'loading' } as const;

function useFetched<T>(key: string, ask: () => Promise<T>): Fetched<T> {
  const live = useWindow((state) => state.link.status === 'live');
  const [answer, setAnswer] = useState<{ key: string; got: Fetched<T> }>({ key: '', got: LOADING });
  useEffect(() => {
    if (!live) return undefined;
    let wanted = true;
    const settle = (got: Fetched<T>): void => {
      if (wanted) setAnswer({ key, got });
    };
    ask().then(
      (value) => settle({ status: 'ready', value }),
      (error: unknown) => settle({ status: 'failed', error: errorWords(error) }),
    );
    return () => {
      wanted = false;
    };
    // `ask` is a new function on every render; what it asks is named by `key`.
  }, [key, live]);
  if (answer.key === key) return answer.got;
  // A newer version of the same list keeps the old one on screen until it arrives.
  return answer.got.status === 'ready' && answer.key.split('#')[0] === key.split('#')[0]
    ? answer.got
    : LOADING;
}

function usePolicyVersion(): number {
  return useWindow((state) => state.session?.snapshot.published ?? 0);
}

/** The policy files as they are on disk. An edit that is refused is there too: it publishes nothing, but has problems. */
export function usePolicyFiles(): Fetched<PolicyFile[]> {
  const problems = useWindow((state) => state.session?.problems);
  const edit = `${usePolicyVersion()} ${JSON.stringify(problems ?? [])}`;
  return useFetched(`policies#${edit}`, () => line().host().policyFiles());
}

/** The scenarios of the project. */
export function useScenarios(): Fetched<ScenarioSummary[]> {
  const session = useWindow((state) => state.session?.id ?? '');
  return useFetched(`scenarios#${session}`, () => line().host().scenarios());
}

/** What an export would write. */
export function useExportPreview(): Fetched<ExportPreview> {
  return useFetched(`export#${usePolicyVersion()}`, () => line().host().exportPreview('istio'));
}

/** The whole why of an event: its own explanation, or the host's. */
export function useExplanation(event: TrafficEvent): Explanation | null {
  const fetched = useFetched<Explanation | null>(`explain ${event.id}`, () =>
    event.explanation ? Promise.resolve(event.explanation) : line().host().explain(event.id),
  );
  return event.explanation ?? (fetched.status === 'ready' ? fetched.value : null);
}

/** What the rules around an instance refused, asked for again as `tick` changes. */
export function useRefusals(instance: string, tick: number): Fetched<Refusals | null> {
  return useFetched(`refusals ${instance}#${tick}`, () => line().host().refusals(instance));
}

/** One event: from the log, or from the host's recording when it fell off. */
export function useEvent(id: number): Fetched<TrafficEvent | null> {
  const kept = useWindow((state) => eventById(state.log, id));
  const fetched = useFetched<TrafficEvent | null>(`event ${id} ${kept ? 'kept' : ''}`, () =>
    kept ? Promise.resolve(kept) : line().host().event(id),
  );
  return kept ? { status: 'ready', value: kept } : fetched;
}
