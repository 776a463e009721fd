/** What a case of a DecisionSuite expects against what was judged. Nothing given goes uncompared. */
import type { DecisionCase } from '../model/decision-suite.ts';
import type { CustomOutcome } from './custom/ask-authorizer.ts';
import type { Judged } from './decide-http.ts';
import { unescapeUtf8 } from '../wire/path-normalization.ts';
import { upstreamHeader } from './upstream-headers.ts';

type Expectation = NonNullable<DecisionCase['expect']>;

/** One line a difference: `details: wanted …, got …`. */
export function compareCase(expect: Expectation | undefined, judged: Judged): string[] {
  if (expect === undefined) return [];
  const { decision, custom, upstream = judged.facts.http } = judged;
  const facts = { ...judged.facts, http: upstream };
  const differences: string[] = [];
  const check = (what: string, wanted: unknown, got: unknown) => {
    if (wanted !== undefined && wanted !== got)
      differences.push(`${what}: wanted ${show(wanted)}, got ${show(got)}`);
  };
  const denied = decision.verdict === 'deny';
  check('decision', expect.decision, decision.verdict);
  check('details', expect.details, decision.details);
  // The status and body of an allowed request are the application's own.
  if (denied) check('status', expect.status, decision.status);
  if (denied) check('body', expect.body, decision.body);
  if (!denied) check('upstreamPath', bytesOf(expect.upstreamPath), facts.http?.path);
  for (const [name, value] of denied ? [] : Object.entries(expect.upstreamHeaders ?? {})) {
    const got = upstreamHeader(name, facts);
    if (got === undefined) differences.push(`upstreamHeaders ${name}: not known here`);
    else check(`upstreamHeaders ${name}`, bytesOf(value), got);
  }
  for (const [name, value] of Object.entries(expect.responseHeaders ?? {})) {
    const got = (custom?.responseHeaders ?? []).filter(([header]) => header === name);
    check(`responseHeaders ${name}`, value, got.length === 0 ? null : got.map(([, one]) => one).join(','));
  }
  for (const [field, value] of Object.entries(expect.checked ?? {})) {
    const got = checkedField(field, custom);
    if (got === undefined) differences.push(`checked ${field}: not known here`);
    else check(`checked ${field}`, Array.isArray(value) ? value.toSorted().join(' ') : value, got);
  }
  return [...differences, ...notCompared(expect)];
}

/** What a case expects of which nobody would know that it isn't so: a line each. */
export function notCompared(expect: Expectation): string[] {
  return Object.keys(expect)
    .filter((name) => !COMPARED.has(name))
    .map((name) => `${name}: not known here`);
}

const COMPARED: ReadonlySet<string> = new Set([
  'decision',
  'status',
  'details',
  'body',
  'upstreamPath',
  'upstreamHeaders',
  'responseHeaders',
  'checked',
]);

/** Headers of a check that say nothing of the request. */
const UNTOLD: ReadonlySet<string> = new Set([
  'x-request-id',
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-internal',
  'accept-encoding',
]);

/** What the authorizer was told, in the suite's words. */
function checkedField(field: string, custom: CustomOutcome | undefined): string | boolean | null | undefined {
  const check = custom?.check ?? null;
  if (field === 'asked') return check !== null;
  if (field !== 'method' && field !== 'path' && field !== 'host' && field !== 'headers') return undefined;
  if (check === null) return null;
  if (field !== 'headers') return check[field];
  return check.headers
    .map(([name]) => name)
    .filter((name) => !UNTOLD.has(name) && !name.startsWith(':'))
    .sort()
    .join(' ');
}

function bytesOf<T extends string | null | undefined>(text: T): T | string {
  return typeof text === 'string' ? unescapeUtf8(text) : text;
}

function show(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
