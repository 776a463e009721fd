/**
 * Host names against patterns, as Envoy matches server names and virtual hosts: `a.b`, `*.b` (one label or more before
 * it) and `*`. Case doesn't matter; a trailing dot does.
 */

/** The most specific of `patterns` that takes `name`: itself, else the longest suffix, else `*`; null = none does. */
export function bestNameMatch(patterns: readonly string[], name: string): string | null {
  const wanted = name.toLowerCase();
  let best: string | null = null;
  for (const pattern of patterns) {
    const lower = pattern.toLowerCase();
    if (lower === wanted) return pattern;
    const takes =
      lower === '*' || (lower.startsWith('*.') && isLonger(wanted, lower) && wanted.endsWith(lower.slice(1)));
    if (takes && (best === null || pattern.length > best.length)) best = pattern;
  }
  return best;
}

/** A Host without its port; brackets of IPv6 keep their colons. */
export function withoutPort(host: string): string {
  const colon = host.lastIndexOf(':');
  return colon < 0 || host.lastIndexOf(']') > colon ? host : host.slice(0, colon);
}

/** The more specific of two overlapping patterns; null where no name is in both. */
export function narrowerName(one: string, other: string): string | null {
  if (isWithin(one, other)) return one;
  return isWithin(other, one) ? other : null;
}

function isWithin(name: string, pattern: string): boolean {
  if (!pattern.startsWith('*')) return name === pattern;
  return name.endsWith(pattern.slice(1));
}

/** A suffix pattern needs something in the place of its star. */
function isLonger(name: string, pattern: string): boolean {
  return name.length > pattern.length - 1;
}
