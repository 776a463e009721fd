/** Counts of bytes for people. */

/** `312 B`, `31.4 MB`: powers of ten, as registries and the engine count. */
export function bytesWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'] as const;
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit += 1) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
