/**
 * What an allowed request's application sees of the fields that a suite asks about, as far as it is known here.
 */
import type { RequestFacts } from '../model/request-facts.ts';
import { trimBlanks } from '../wire/field-grammar.ts';
import { upstreamContentLength } from '../wire/upstream-content-length.ts';

/** Fields that Envoy writes by itself, from what a judged request doesn't know. */
const WRITTEN_BY_ENVOY = new Set([
  'x-request-id',
  'x-envoy-attempt-count',
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-decorator-operation',
]);

/** The field's value, null when it isn't there, undefined when this version can't tell. */
export function upstreamHeader(name: string, { http }: RequestFacts): string | null | undefined {
  if (http === null) return null;
  if (name === 'host') return http.host;
  if (name === 'content-length') return upstreamContentLength(http.method, http.headers);
  if (WRITTEN_BY_ENVOY.has(name)) return undefined;
  const values = http.headers.filter(([header]) => header === name).map(([, value]) => trimBlanks(value));
  return values.length === 0 ? null : values.join(',');
}
