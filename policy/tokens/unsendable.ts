/**
 * What tokens made of a request that can't be sent on: Envoy's router refuses a header block without what it needs,
 * and names and values that would break it. Observed on Envoy 1.40.
 */
import type { Decision } from '../../model/decision.ts';
import type { RequestFacts } from '../../model/request-facts.ts';
import { isToken } from '../../wire/field-grammar.ts';
import type { CompiledJwt, CompiledJwtRule } from './compiled-jwt.ts';
import type { TokenFacts } from './token-facts.ts';

/** No request can do without them, and a rule that writes into them takes the client's own away first. */
const REQUIRED: ReadonlySet<string> = new Set([':path', ':method', ':authority', 'host']);
/** What a claim would say here isn't how the body is delimited. */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);

/** The refusal, with Envoy's words; null = the request can be sent. */
export function unsendable(jwt: CompiledJwt, facts: RequestFacts, tokens: TokenFacts): Decision | null {
  const fault = headerFault(jwt, tokens);
  if (fault === null && !hasBlankOrControl(tokens.path)) return null;
  const decision = { verdict: 'deny', phase: 'upstream', reason: 'unsendable-claim', matched: null } as const;
  const grpc = facts.http?.protocol === 'grpc';
  const answer = { ...decision, status: grpc ? 200 : 503, body: grpc ? '' : (fault ?? '') };
  if (fault === null) return answer;
  return { ...answer, details: `filter_removed_required_request_headers{${fault.replaceAll(' ', '_')}}` };
}

function headerFault({ rules }: CompiledJwt, { headers, claims }: TokenFacts): string | null {
  const written = rules.flatMap(writtenHeaders);
  const removed = written.find((name) => REQUIRED.has(name));
  if (removed !== undefined) return `missing required header: ${removed}`;
  const framing = claims === null ? undefined : written.find((name) => FRAMING.has(name));
  if (framing !== undefined) return `invalid header name: ${framing}`;
  for (const [name, value] of headers) {
    if (!isToken(name)) return `invalid header name: ${name}`;
    if (hasControl(value)) return `invalid header value for: ${name}`;
  }
  return null;
}

function writtenHeaders({ payloadHeader, claimHeaders }: CompiledJwtRule): string[] {
  const claimed = claimHeaders.map(({ header }) => header);
  return payloadHeader === null ? claimed : [payloadHeader, ...claimed];
}

/** Any control byte but the tab. */
function hasControl(value: string): boolean {
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return true;
  }
  return false;
}

function hasBlankOrControl(path: string): boolean {
  return path.includes(' ') || path.includes('\t') || hasControl(path);
}
