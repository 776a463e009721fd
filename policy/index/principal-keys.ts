/**
 * The names in a caller's identity that indexes look up. Istio finds a namespace or an account anywhere in it, so one
 * that isn't of the plain form has no keys: then every value is compared.
 */

export type PrincipalKeys = { trustDomain: string | null } & (
  | { plain: true; namespace: string; serviceAccount: string }
  | { plain: false }
);

/** Of `TD/ns/NAMESPACE/sa/ACCOUNT`, without the scheme, as attributes give it. */
export function principalKeys(principal: string): PrincipalKeys {
  const slash = principal.indexOf('/');
  if (slash < 0) return { trustDomain: null, plain: false };
  const trustDomain = principal.slice(0, slash);
  const endOfNamespace = principal.indexOf('/', slash + 4);
  const startOfAccount = endOfNamespace + 4;
  const namespace = principal.slice(slash + 4, endOfNamespace);
  const plain =
    slash > 0 &&
    principal.startsWith('/ns/', slash) &&
    endOfNamespace >= 0 &&
    principal.startsWith('/sa/', endOfNamespace) &&
    startOfAccount < principal.length &&
    !principal.includes('/', startOfAccount) &&
    // `ns/ns/…` and `…/ns/ns/…` have a second place where a namespace could be read.
    trustDomain !== 'ns' &&
    namespace !== 'ns';
  if (!plain) return { trustDomain, plain: false };
  return { trustDomain, plain, namespace, serviceAccount: principal.slice(startOfAccount) };
}
