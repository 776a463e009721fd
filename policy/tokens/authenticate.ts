/**
 * RequestAuthentication on one request, as Istio's configuration of Envoy runs it: any one rule satisfied, or each
 * rule satisfied or without a token. Steps change the request at once (a token is taken out, a claim put in), and the
 * next step sees it so: also where an earlier one failed after all.
 */
import type { HttpFacts } from '../../model/request-facts.ts';
import { claimAt, claimHeaderValue, splitAtSpaces } from './claim-text.ts';
import type { CompiledJwt, CompiledJwtRule } from './compiled-jwt.ts';
import type { ParsedToken } from './compact-token.ts';
import { extractTokens, type FoundToken } from './extract-tokens.ts';
import { withoutParam } from './query.ts';
import type { JsonObject } from './strict-json.ts';
import type { TokenFacts, TriedToken } from './token-facts.ts';
import type { TokenFault } from './token-status.ts';
import { type TokenVerification, verifyToken } from './verify-token.ts';

/** Verifies the request's tokens. */
export async function authenticate(
  jwt: CompiledJwt,
  http: HttpFacts,
  verification: TokenVerification,
): Promise<TokenFacts> {
  const run = new Run(jwt.rules, http, verification);
  const preflight = isPreflight(http);
  const refusal = jwt.rules.length === 0 || preflight ? null : await run.all();
  const { claims, path, headers, tried } = run;
  return { refusal, claims, path, headers, tried, preflight };
}

/** Such a request carries no credentials by its nature, so Envoy lets it by. */
function isPreflight({ method, headers }: HttpFacts): boolean {
  const has = (wanted: string) => headers.some(([name, value]) => name === wanted && value !== '');
  return method === 'OPTIONS' && has('origin') && has('access-control-request-method');
}

type Refusal = NonNullable<TokenFacts['refusal']>;

/** A fault of the token itself says more than that it is somebody else's, and that more than that there is none. */
function mostTelling(refusals: readonly Refusal[]): Refusal | null {
  const told = refusals.findLast(
    ({ fault }) => fault !== 'token-missing' && fault !== 'token-unknown-issuer',
  );
  return told ?? refusals.find(({ fault }) => fault === 'token-unknown-issuer') ?? refusals[0] ?? null;
}

class Run {
  claims: JsonObject | null = null;
  path: string;
  headers: [string, string][];
  readonly tried: TriedToken[] = [];
  readonly #rules: readonly CompiledJwtRule[];
  readonly #verification: TokenVerification;
  readonly #verified = new Map<string, Promise<ParsedToken | TokenFault>>();

  constructor(rules: readonly CompiledJwtRule[], http: HttpFacts, verification: TokenVerification) {
    this.#rules = rules;
    this.#verification = verification;
    this.path = http.path;
    this.headers = http.headers.map(([name, value]) => [name, value]);
    // Before anything else, a preflight's too: nobody but we may write what claims are written to.
    for (const rule of rules) this.#dropWritten(rule);
  }

  /** null = satisfied. */
  async all(): Promise<TokenFacts['refusal']> {
    const refusals: Refusal[] = [];
    for (const index of this.#rules.keys()) {
      const fault = await this.#require(index);
      if (fault === null) return null;
      refusals.push({ fault, rule: index });
    }
    // With one rule alone Istio doesn't ask it twice.
    const rest = this.#rules.length > 1 ? await this.#eachOrMissing() : mostTelling(refusals);
    if (rest === null || rest.fault === 'token-missing') return null;
    return this.#rules.length > 1 ? mostTelling([...refusals, rest]) : rest;
  }

  async #eachOrMissing(): Promise<Refusal | null> {
    for (const index of this.#rules.keys()) {
      const fault = await this.#require(index);
      if (fault !== null && fault !== 'token-missing') return { fault, rule: index };
    }
    return null;
  }

  /** Every token that the rule finds must be good, and there must be one; the last found is the first tried. */
  async #require(index: number): Promise<TokenFault | null> {
    const rule = this.#rules[index] as CompiledJwtRule;
    this.#dropWritten(rule);
    const found = extractTokens(rule.locations, this).reverse();
    if (found.length === 0) return 'token-missing';
    for (const one of found) {
      const token = await this.#verify(one, index, rule);
      if (typeof token === 'string') return token;
      this.#accept(token, one, rule);
    }
    return null;
  }

  async #verify(found: FoundToken, index: number, rule: CompiledJwtRule): Promise<ParsedToken | TokenFault> {
    const key = `${index} ${found.token}`;
    const known = this.#verified.get(key);
    if (known) return known;
    const result = verifyToken(found.token, rule, this.#verification);
    this.#verified.set(key, result);
    const token = await result;
    const [fault, tolerated] = typeof token === 'string' ? [token, []] : [null, token.tolerated];
    this.tried.push({ rule: index, place: found.place, fault, tolerated });
    return token;
  }

  #accept(token: ParsedToken, { place }: FoundToken, rule: CompiledJwtRule): void {
    if (rule.payloadHeader !== null) this.headers.push([rule.payloadHeader, token.payload]);
    for (const { header, claim } of rule.claimHeaders) {
      const value = claimHeaderValue(claimAt(token.claims, claim));
      if (value !== '') this.headers.push([header, value]);
    }
    if (!rule.forwardOriginalToken) this.#remove(place);
    this.claims = splitAtSpaces(token.claims, rule.spaceDelimited);
  }

  #dropWritten({ payloadHeader, claimHeaders }: CompiledJwtRule): void {
    const written = new Set([payloadHeader, ...claimHeaders.map(({ header }) => header)]);
    this.headers = this.headers.filter(([name]) => !written.has(name));
  }

  #remove({ kind, name }: FoundToken['place']): void {
    if (kind === 'header') this.headers = this.headers.filter(([header]) => header !== name);
    if (kind === 'param') this.path = withoutParam(this.path, name);
  }
}
