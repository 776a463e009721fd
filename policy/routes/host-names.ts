/** Host names of Istio's objects: short names completed, wildcards compared as istiod does. */

/** `reviews` is `reviews.<namespace>.svc.cluster.local`; a name with a dot, and `*`, are complete. */
export function completeHost(host: string, namespace: string): string {
  return host === '' || host === '*' || host.includes('.') ? host : `${host}.${namespace}.svc.cluster.local`;
}

export function isWildcard(host: string): boolean {
  return host.startsWith('*');
}

/** Whether `host` names nothing that `pattern` doesn't. */
export function isWithin(host: string, pattern: string): boolean {
  if (!isWildcard(pattern)) return host === pattern;
  if (!isWildcard(host)) return host.endsWith(pattern.slice(1));
  return host.length >= pattern.length && host.slice(1).endsWith(pattern.slice(1));
}

/** Whether one names something that the other does. */
export function overlap(one: string, other: string): boolean {
  return isWithin(one, other) || isWithin(other, one);
}

/** The key that names `host` best: itself, else the longest wildcard that has it. */
export function mostSpecific(host: string, patterns: Iterable<string>): string | null {
  let best: string | null = null;
  for (const pattern of patterns) {
    if (pattern === host) return pattern;
    if (!isWildcard(pattern) || !host.endsWith(pattern.slice(1))) continue;
    if (best === null || pattern.length > best.length) best = pattern;
  }
  return best;
}
