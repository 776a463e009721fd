/**
 * The filter box's grammar: words and `key:value` pairs, all of which must hold. `-` before one turns it round, quotes
 * keep spaces together, `status` takes `403`, `4xx`, `>=400`. An unknown key is a problem, never a silent no-match.
 */
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { asked, peerName, verdictWords, why } from './event-words.ts';

export type FilterResult =
  | { ok: true; test: (event: TrafficEvent) => boolean }
  | { ok: false; problem: string };

type Test = (event: TrafficEvent) => boolean;

const contains = (text: string | null | undefined, wanted: string): boolean =>
  (text ?? '').toLowerCase().includes(wanted);

function statusTest(value: string): Test | null {
  const exact = /^(\d{3})$/.exec(value);
  const family = /^([1-5])xx$/i.exec(value);
  const compared = /^(>=|<=|>|<)(\d{3})$/.exec(value);
  const status = (event: TrafficEvent): number => event.response?.status ?? event.decision.status ?? 0;
  if (exact) return (event) => status(event) === Number(exact[1]);
  if (family) return (event) => Math.floor(status(event) / 100) === Number(family[1]);
  if (!compared) return null;
  const limit = Number(compared[2]);
  switch (compared[1]) {
    case '>=':
      return (event) => status(event) >= limit;
    case '<=':
      return (event) => status(event) > 0 && status(event) <= limit;
    case '>':
      return (event) => status(event) > limit;
    default:
      return (event) => status(event) > 0 && status(event) < limit;
  }
}

function verdictTest(value: string): Test {
  if (value === 'deny' || value === 'denied') return (event) => event.decision.verdict === 'deny';
  if (value === 'allow' || value === 'allowed') return (event) => event.decision.verdict === 'allow';
  return (event) => verdictWords(event.decision).word === value;
}

const KEYS: Readonly<Record<string, (value: string) => Test | null>> = {
  verdict: verdictTest,
  from: (value) => (event) => contains(peerName(event.from), value) || contains(event.from.spiffeId, value),
  to: (value) => (event) => contains(peerName(event.to), value) || contains(event.to.spiffeId, value),
  method: (value) => (event) => event.request?.method.toLowerCase() === value,
  path: (value) => (event) => contains(event.request?.path, value) || contains(event.request?.rawPath, value),
  host: (value) => (event) => contains(event.request?.host, value),
  header: (value) => (event) =>
    event.request?.headers.some(([name, text]) => contains(`${name}: ${text}`, value)) ?? false,
  status: statusTest,
  phase: (value) => (event) => event.decision.phase === value,
  reason: (value) => (event) => contains(event.decision.reason, value),
  policy: (value) => (event) => contains(why(event), value),
  kind: (value) => (event) => event.kind === value,
  side: (value) => (event) => event.direction === value,
  mtls: (value) => (event) => (event.tls?.mutual ?? false) === (value === 'yes' || value === 'true'),
  tag: (value) => (event) => contains(event.tag, value),
  finding: (value) => (event) => event.findings.some((finding) => contains(finding.code, value)),
  id: (value) => (event) => event.id === Number(value),
};

/** The keys, for completion and the help text. */
export const FILTER_KEYS: readonly string[] = Object.keys(KEYS);

function wordTest(word: string): Test {
  return (event) =>
    contains(asked(event), word) ||
    contains(peerName(event.from), word) ||
    contains(peerName(event.to), word) ||
    contains(why(event), word);
}

function termTest(term: string): Test | string {
  const pair = /^([a-z]+):(.*)$/i.exec(term);
  if (!pair) return wordTest(term.replaceAll('"', '').toLowerCase());
  const key = (pair[1] ?? '').toLowerCase();
  const value = (pair[2] ?? '').replaceAll('"', '').toLowerCase();
  const make = KEYS[key];
  if (!make) return `There is no key “${key}”. Known: ${FILTER_KEYS.join(', ')}.`;
  // `to:` while someone is still typing filters nothing yet.
  if (value === '') return () => true;
  return make(value) ?? `“${value}” is no ${key}: 403, 4xx or >=400.`;
}

/** Compiles what was typed. */
export function parseFilter(text: string): FilterResult {
  const terms = text.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
  const tests: Test[] = [];
  for (const term of terms) {
    const negated = term.startsWith('-') && term.length > 1;
    const test = termTest(negated ? term.slice(1) : term);
    if (typeof test === 'string') return { ok: false, problem: test };
    tests.push(negated ? (event) => !test(event) : test);
  }
  return { ok: true, test: (event) => tests.every((test) => test(event)) };
}
