/** Numbers and times as people read them. English, 24 hours, the local time zone. */
const NUMBER = new Intl.NumberFormat('en');

/** `12,408`. */
export function count(value: number): string {
  return NUMBER.format(value);
}

/** `1 request`, `12,408 requests`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

function pad(value: number, digits = 2): string {
  return String(value).padStart(digits, '0');
}

/** `09:41:07`. */
export function clockTime(at: number): string {
  const date = new Date(at);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** `09:41:07.114`. */
export function preciseTime(at: number): string {
  return `${clockTime(at)}.${pad(new Date(at).getMilliseconds(), 3)}`;
}

/** A rate of the last minute: `38.2/s`, and below one a second what it really was, `12 in 60 s`. */
export function rate(inMinute: number): string {
  const perSecond = inMinute / 60;
  if (inMinute === 0) return 'idle';
  if (perSecond >= 10) return `${count(Math.round(perSecond))}/s`;
  return perSecond >= 1 ? `${perSecond.toFixed(1)}/s` : `${inMinute}/min`;
}

/** `0.4`, `12`: milliseconds without their unit, for a column. */
export function milliseconds(value: number): string {
  return value < 100 ? value.toFixed(1) : String(Math.round(value));
}

/** `0.4 ms`, `1.2 s`; a dash for what wasn't measured. */
export function duration(ms: number | null): string {
  if (ms === null) return '–';
  return ms < 1_000 ? `${milliseconds(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** How far away a moment is: `11 h 42 m`, `48 s`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(Math.abs(ms) / 1_000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} m` : `${Math.floor(hours / 24)} d`;
}

/** `0:00.412`. */
export function stopwatch(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${pad(seconds % 60)}.${pad(Math.round(ms % 1_000), 3)}`;
}
