/**
 * One value of a clause: from the text in the policy to a matcher, and the match itself. Linear in the text that is
 * matched, without regular expressions: what is matched comes from an attacker.
 */
import { blockContains } from '../wire/ip-block.ts';
import type { ValueMatch } from './compiled-policy.ts';
import { matchesTemplate } from './path-template.ts';
import { splitPrincipal } from './tokens/request-principal.ts';

/** Exact, `abc*`, `*abc`, `*`; a star elsewhere is itself. */
export function compileString(value: string, star: 'non-empty' | 'present' = 'non-empty'): ValueMatch {
  if (value === '*') return { kind: star };
  if (value.startsWith('*')) return { kind: 'suffix', value: value.slice(1) };
  if (value.endsWith('*')) return { kind: 'prefix', value: value.slice(0, -1) };
  return { kind: 'exact', value };
}

/** A namespace is looked for between `/ns/` and `/` anywhere in the identity; every star spans anything. */
export function compileNamespace(value: string): ValueMatch {
  const pieces = value.split('*');
  pieces[0] = `/ns/${pieces[0]}`;
  pieces[pieces.length - 1] += '/';
  return { kind: 'namespace', pieces };
}

/** `account`, of the policy's own namespace, or `namespace/account`. */
export function compileServiceAccount(value: string, policyNamespace: string): ValueMatch {
  const slash = value.indexOf('/');
  if (slash < 0) return { kind: 'service-account', namespace: policyNamespace, serviceAccount: value };
  return {
    kind: 'service-account',
    namespace: value.slice(0, slash),
    serviceAccount: value.slice(slash + 1),
  };
}

/** A trust domain; stars don't cross `/`. */
export function compileTrustDomain(value: string): ValueMatch {
  return { kind: 'trust-domain', pieces: value.split('*') };
}

/** Whether `got`, one value of an attribute, matches. */
export function matchesValue(match: ValueMatch, got: string): boolean {
  switch (match.kind) {
    case 'exact':
      return got === match.value;
    case 'prefix':
      return got.startsWith(match.value);
    case 'suffix':
      return got.endsWith(match.value);
    case 'non-empty':
      return got.length > 0;
    case 'present':
      return true;
    case 'template':
      return matchesTemplate(match.tokens, got);
    case 'namespace':
      return containsInOrder(`spiffe://${got}`, match.pieces);
    case 'service-account':
      return isServiceAccount(got, match.namespace, match.serviceAccount);
    case 'trust-domain':
      return isTrustDomain(got, match.pieces);
    case 'ip':
      return blockContains(match.block, got);
    case 'port':
      return got === String(match.port);
    case 'request-principal': {
      const { issuer, subject } = splitPrincipal(got);
      return matchesValue(match.issuer, issuer) && matchesValue(match.subject, subject);
    }
  }
}

function containsInOrder(text: string, pieces: readonly string[]): boolean {
  let from = 0;
  for (const piece of pieces) {
    const found = text.indexOf(piece, from);
    if (found < 0) return false;
    from = found + piece.length;
  }
  return true;
}

/** Istio's pattern: something, `/ns/NS/`, perhaps more segments, `sa/SA`, perhaps more segments. */
function isServiceAccount(principal: string, namespace: string, serviceAccount: string): boolean {
  const marker = `/ns/${namespace}/`;
  const start = principal.indexOf(marker, 1);
  if (start < 0) return false;
  const rest = principal.slice(start + marker.length);
  const account = `sa/${serviceAccount}`;
  for (let at = rest.indexOf(account); at >= 0; at = rest.indexOf(account, at + 1)) {
    const opens = at === 0 || (at >= 2 && rest[at - 1] === '/');
    const after = rest.slice(at + account.length);
    if (opens && (after === '' || (after.length > 1 && after.startsWith('/')))) return true;
  }
  return false;
}

function isTrustDomain(principal: string, pieces: readonly string[]): boolean {
  const slash = principal.indexOf('/');
  if (slash < 0) return false;
  const domain = principal.slice(0, slash);
  const first = pieces[0] ?? '';
  if (pieces.length === 1) return domain === first;
  const last = pieces[pieces.length - 1] ?? '';
  if (domain.length < first.length + last.length || !domain.startsWith(first) || !domain.endsWith(last))
    return false;
  return containsInOrder(domain.slice(first.length, domain.length - last.length), pieces.slice(1, -1));
}
