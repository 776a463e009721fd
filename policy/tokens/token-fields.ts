/**
 * Fields and keys of a rule that are about a verified token: `requestPrincipals`, `request.auth.*`. Istio reads them
 * from the claims of the one token that counts.
 */
import type { ValueMatch } from '../compiled-policy.ts';
import { compileString } from '../value-match.ts';

/** The names through objects of `request.auth.claims[a][b]`, or of a key that stands for a claim; null = no claim. */
export function claimOfKey(key: string): readonly string[] | null {
  if (key === 'request.auth.audiences') return ['aud'];
  if (key === 'request.auth.presenter') return ['azp'];
  const start = 'request.auth.claims';
  if (!key.startsWith(`${start}[`) || !key.endsWith(']')) return null;
  const brackets = key.slice(start.length);
  return nestedNames(brackets) ?? [brackets.slice(1, -1)];
}

/** `[a][b]` → a, b; null where brackets stand in brackets, which Istio takes for one name. */
function nestedNames(brackets: string): readonly string[] | null {
  const names: string[] = [];
  for (let begin = 0; begin < brackets.length; ) {
    const end = brackets.indexOf(']', begin);
    if (brackets[begin] !== '[' || end < 0 || brackets.slice(begin + 1, end).includes('[')) return null;
    names.push(brackets.slice(begin + 1, end));
    begin = end + 1;
  }
  return names;
}

/** `ISSUER/SUBJECT` of a policy, split at its last slash; a star at one end is one of the two sides'. */
export function compileRequestPrincipal(value: string): ValueMatch {
  const any: ValueMatch = { kind: 'non-empty' };
  const exact = (text: string): ValueMatch => ({ kind: 'exact', value: text });
  const match = (issuer: ValueMatch, subject: ValueMatch): ValueMatch => ({
    kind: 'request-principal',
    issuer,
    subject,
  });
  const slash = value.lastIndexOf('/');
  const [issuer, subject] = slash < 0 ? [value, ''] : [value.slice(0, slash), value.slice(slash + 1)];
  if (value === '*') return match(any, any);
  if (value.startsWith('*')) {
    return slash < 0
      ? match(any, compileString(value))
      : match(compileString(issuer, 'non-empty'), exact(subject));
  }
  if (value.endsWith('*')) {
    return slash < 0 ? match(compileString(value), any) : match(exact(issuer), compileString(subject));
  }
  return match(exact(issuer), exact(subject));
}
