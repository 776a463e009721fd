/**
 * What a case expects against what its client, the application behind and the data plane's own events say. Nothing
 * given goes uncompared.
 */
import type { DecisionCase } from '../../model/decision-suite.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { notCompared } from '../../policy/compare-case.ts';
import { unescapeUtf8 } from '../../wire/path-normalization.ts';
import type { Checked } from './authorizer.ts';
import type { Observation } from './client.ts';
import type { Arrival } from './recorder.ts';

/** Everything that is known of a played case. */
export interface Played {
  seen: Observation;
  /** HTTP: what reached the application. */
  arrival: Arrival | null;
  /** TCP: bytes reached the application. */
  echoed: boolean;
  /** What an external authorizer was told; null = it wasn't asked. */
  checked: Checked | null;
  events: readonly TrafficEvent[];
}

/** One line a difference: `details: wanted …, got …`. */
export function compareVerdict(expect: DecisionCase['expect'], played: Played): string[] {
  const differences: string[] = [];
  const check = (what: string, wanted: unknown, got: unknown): void => {
    if (wanted !== undefined && wanted !== got)
      differences.push(`${what}: wanted ${show(wanted)}, got ${show(got)}`);
  };
  const { seen, arrival, events } = played;
  const reached = arrival !== null || played.echoed || seen.echoed;
  const decided = events.find(({ decision }) => decision.verdict === 'deny') ?? events[0];
  check('decision', expect.decision, reached ? 'allow' : 'deny');
  check('event', reached ? 'allow' : 'deny', decided?.decision.verdict ?? 'none');
  check('status', expect.status, seen.status ?? undefined);
  if (expect.decision === 'deny') {
    check('details', expect.details, decided?.decision.details);
    check('body', expect.body, seen.body);
  }
  check('upstreamPath', bytesOf(expect.upstreamPath), arrival?.path);
  for (const [name, value] of Object.entries(expect.upstreamHeaders ?? {}))
    check(`upstreamHeaders ${name}`, bytesOf(value), joined(arrival?.headers ?? [], name));
  for (const [name, value] of Object.entries(expect.responseHeaders ?? {}))
    check(`responseHeaders ${name}`, value, joined(seen.headers, name));
  for (const [field, value] of Object.entries(expect.checked ?? {}))
    check(`checked ${field}`, show(value), show(checkedField(field, played.checked)));
  return [...differences, ...notCompared(expect)];
}

function checkedField(field: string, checked: Checked | null): unknown {
  if (field === 'asked') return checked !== null;
  return checked === null ? null : checked[field as keyof Checked];
}

/** All values of a header, as the suites join them; certificates read `*`. */
function joined(headers: readonly (readonly [string, string])[], name: string): string | null {
  const values = headers.filter(([header]) => header === name).map(([, value]) => value);
  if (values.length === 0) return null;
  return values
    .join(',')
    .replaceAll(/(Hash)=[0-9a-f]{64}/g, '$1=*')
    .replaceAll(/(Cert|Chain)="[^"]*"/g, '$1=*');
}

function bytesOf<T extends string | null | undefined>(text: T): T | string {
  return typeof text === 'string' ? unescapeUtf8(text) : text;
}

function show(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
