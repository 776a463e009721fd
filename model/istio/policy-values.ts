/** Values that stand in several places of a policy, and what Istio takes for them. */

/** A port as Istio's policies write it: a decimal string. */
export function isPort(value: string): boolean {
  return /^\d+$/.test(value) && Number(value) <= 65535;
}

/** Why a trust domain matcher is refused, or null. */
export function trustDomainError(value: string): string | null {
  if (value.includes('/')) return `"${value}" is not a trust domain: it has a slash`;
  return value.slice(1, -1).includes('*') ? `"${value}": a wildcard stands at the start or at the end` : null;
}
