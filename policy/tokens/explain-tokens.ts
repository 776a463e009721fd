/** The token phase told: each token that was found, where, by which rule, and what was wrong with it. */
import type { Decision, TrailEntry } from '../../model/decision.ts';
import type { CompiledJwt, CompiledJwtRule } from './compiled-jwt.ts';
import type { TokenFacts, TriedToken } from './token-facts.ts';
import { faultBody, type TokenFault } from './token-status.ts';

/** The trail's entry. `tokens` is absent where only the decision was recorded. */
export function tokenEntry(jwt: CompiledJwt, decision: Decision, tokens: TokenFacts | undefined): TrailEntry {
  const entry = (outcome: TrailEntry['outcome'], note: string): TrailEntry => ({
    phase: 'jwt',
    outcome,
    note,
    rules: [],
  });
  if (jwt.rules.length === 0) return entry('skipped', 'no RequestAuthentication applies');
  const outcome = decision.phase === 'jwt' ? 'denied' : 'passed';
  if (tokens === undefined) return entry(outcome, outcome === 'denied' ? decision.reason : 'tokens passed');
  if (tokens.preflight) return entry('skipped', 'a CORS preflight: its tokens are not looked at');
  if (tokens.tried.length === 0)
    return entry('passed', `no token at ${placesOf(jwt)}: passes without claims`);
  const told = entry(outcome, tokens.tried.map((tried) => triedText(jwt, tried)).join('; '));
  const { matched } = decision;
  if (outcome === 'passed' || matched === null) return told;
  return { ...told, rules: [{ ref: matched, matched: true, clauses: [] }] };
}

/** For a human who has to act. */
export function tokenSentence(jwt: CompiledJwt, decision: Decision, tokens: TokenFacts | undefined): string {
  const rule = jwt.rules[tokens?.refusal?.rule ?? -1];
  const fault = tokens?.refusal?.fault;
  if (rule === undefined || fault === undefined)
    return 'A RequestAuthentication applies, and the tokens of this request were not verified, so it is denied.';
  const tried = tokens?.tried.findLast((one) => one.fault === fault);
  const where = tried === undefined ? 'its token' : `the token in ${placeText(tried)}`;
  const allowed = fault === 'token-audience-not-allowed' ? ` (${rule.audiences.join(', ')})` : '';
  return `${ruleText(rule)} refuses ${where}: ${ADVICE[fault] ?? faultBody(fault)}${allowed} (${decision.status}).`;
}

const ADVICE: Readonly<Partial<Record<TokenFault, string>>> = {
  'token-expired': 'it has expired',
  'token-not-yet-valid': 'it is not valid yet (nbf)',
  'token-unknown-issuer': 'its issuer is not the one of the rule that looks there',
  'token-audience-not-allowed': 'its audiences are none of those that the rule takes',
  'token-signature-invalid': 'its signature was made by none of the keys, or the keys could not be had',
  'token-no-matching-key': 'no key has its kid and alg',
  'token-bad-format': 'it is not three parts with dots between them',
};

function triedText(jwt: CompiledJwt, tried: TriedToken): string {
  const rule = jwt.rules[tried.rule];
  const name = rule === undefined ? 'a rule' : ruleText(rule);
  return `${placeText(tried)} by ${name}: ${tried.fault === null ? 'good' : faultBody(tried.fault)}`;
}

function placeText({ place }: TriedToken): string {
  return `${place.kind === 'param' ? 'parameter' : place.kind} ${place.name}`;
}

function ruleText({ ref, issuer }: CompiledJwtRule): string {
  return `${ref.name}[${ref.rule}] (issuer ${issuer === '' ? 'any' : issuer})`;
}

function placesOf(jwt: CompiledJwt): string {
  const places = jwt.rules.flatMap(({ locations }) => [
    ...locations.headers.map(({ name }) => `header ${name}`),
    ...locations.params.map((name) => `parameter ${name}`),
    ...locations.cookies.map((name) => `cookie ${name}`),
  ]);
  return [...new Set(places)].join(', ');
}
