/** Durations of scenario files, `500ms`, `5s`, `1m`, in milliseconds; the schema has checked their shape. */
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/** Milliseconds of `text`. */
export function parseDuration(text: string): number {
  const [, amount, unit = ''] = /^(\d+)(ms|s|m)$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit];
  if (amount === undefined || unitMs === undefined) throw new RangeError(`not a duration: ${text}`);
  return Number(amount) * unitMs;
}
