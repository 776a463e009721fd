/** From when on a log is shown. */

export const LOG_SINCE = {
  all: 'all that is kept',
  now: 'from now on',
  '1m': 'since 1 min ago',
  '5m': 'since 5 min ago',
  '15m': 'since 15 min ago',
  '1h': 'since 1 h ago',
} as const;

export type LogSince = keyof typeof LOG_SINCE;

const BEFORE_MS: Readonly<Record<LogSince, number | null>> = {
  all: null,
  now: 0,
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '1h': 3_600_000,
};

/** The moment it stands for at `now`, ms since the epoch; null = none. */
export function momentOf(since: LogSince, now: number): number | null {
  const before = BEFORE_MS[since];
  return before === null ? null : now - before;
}

/** Whether `text` is one of them. */
export function isLogSince(text: string): text is LogSince {
  return Object.hasOwn(LOG_SINCE, text);
}
