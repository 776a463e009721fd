/**
 * What services and sidecars use, sampled while somebody looks: nothing asks before, after, or behind a hidden page.
 * The last two minutes are kept as long as the view that asked stays.
 */
import { useEffect, useState } from 'react';
import type { UsageSample } from '../../model/usage.ts';
import { errorWords } from './host-error.ts';
import { line } from './window-store.ts';

const EVERY_MS = 2_000;
const KEPT = 60;

export interface UsageSamples {
  samples: readonly UsageSample[];
  /** Why the last question had no answer. */
  error: string | null;
}

/** Samples for as long as the component that uses this is there. */
export function useUsageSamples(): UsageSamples {
  const [known, setKnown] = useState<UsageSamples>({ samples: [], error: null });
  useEffect(() => {
    let wanted = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      if (!document.hidden) {
        try {
          const sample = await line().host().usage();
          if (wanted)
            setKnown(({ samples }) => ({ samples: [...samples, sample].slice(-KEPT), error: null }));
        } catch (error) {
          const words = errorWords(error);
          if (wanted) setKnown(({ samples }) => ({ samples, error: words }));
        }
      }
      if (wanted) timer = setTimeout(() => void ask(), EVERY_MS);
    };
    void ask();
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, []);
  return known;
}
