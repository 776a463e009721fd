/**
 * Trust-domain aliases: which identities a principal or trust domain of a policy stands for.
 */

/** What `cluster.local` in a principal means: the mesh's own domain, whatever it is called. */
const OWN_DOMAIN = 'cluster.local';

/**
 * A principal of exactly five parts whose domain is the mesh's (or one of its aliases, or `cluster.local`) stands
 * for the same account of the mesh's domain and of all aliases. `trustDomains`: the mesh's own first.
 */
export function expandPrincipal(value: string, trustDomains: readonly string[]): string[] {
  const parts = value.split('/');
  const [domain = '', ...rest] = parts;
  if (parts.length !== 5 || domain === '*') return [value];
  if (domain !== OWN_DOMAIN && !trustDomains.some((one) => matchesDomain(domain, one))) return [value];
  const path = rest.join('/');
  const expanded = trustDomains.map((one) => (coversBySuffix(domain, one) ? value : `${one}/${path}`));
  return [...new Set(expanded)];
}

/** An exact trust domain of the mesh stands for all of them; `cluster.local` has no special meaning here. */
export function expandTrustDomain(value: string, trustDomains: readonly string[]): string[] {
  return trustDomains.includes(value) ? [...new Set(trustDomains)] : [value];
}

function matchesDomain(pattern: string, domain: string): boolean {
  if (pattern.endsWith('*') && domain.startsWith(pattern.slice(0, -1))) return true;
  return pattern === domain || coversBySuffix(pattern, domain);
}

function coversBySuffix(pattern: string, domain: string): boolean {
  return pattern.startsWith('*') && domain.endsWith(pattern.slice(1));
}
