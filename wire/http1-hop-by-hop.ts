/**
 * Header fields that belong to one hop (RFC 9110 §7.6.1), with Envoy's reading of `Connection`: fields that it
 * names are dropped, and a request that names what proxies rely on (Host, X-Forwarded-*) is refused.
 */
import type { HeaderList } from '../model/request-facts.ts';
import { CONNECTION_FIELDS } from './connection-fields.ts';
import { trimBlanks } from './field-grammar.ts';

/** Options of `Connection` that name no field; those of the hop go anyway. TE has its own rule. */
const OPTIONS = new Set(['close', 'http2-settings', 'te']);
/** Dropping one of these would hide where a request came from or went to (CVE-2024-45410 and its kin). */
const UNTOUCHABLE = new Set(['host', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto']);
const MAX_NOMINATED = 10;

/** Tokens of a `Connection` field, lower-case. */
export function connectionTokens(headers: HeaderList): string[] {
  return headers
    .filter(([name]) => name === 'connection')
    .flatMap(([, value]) => value.split(','))
    .map((token) => trimBlanks(token).toLowerCase())
    .filter((token) => token !== '');
}

/** The request's own fields; null when `Connection` names something that must not be dropped. */
export function endToEndRequestHeaders(headers: HeaderList): [string, string][] | null {
  const tokens = connectionTokens(headers);
  if (tokens.length >= MAX_NOMINATED) return null;
  if (tokens.some((token) => UNTOUCHABLE.has(token) || token.startsWith(':'))) return null;
  const dropped = new Set(tokens.filter((token) => !OPTIONS.has(token)));
  // Of an upgrade that nobody takes up, nothing goes on (RFC 7540 §3.2.1).
  if (headers.some(([name, value]) => name === 'upgrade' && trimBlanks(value).toLowerCase() === 'h2c'))
    dropped.add('http2-settings');
  const kept: [string, string][] = [];
  for (const [name, value] of headers) {
    if (CONNECTION_FIELDS.has(name) || dropped.has(name)) continue;
    if (name === 'te') {
      if (value.split(',').some((part) => trimBlanks(part).toLowerCase() === 'trailers'))
        kept.push([name, 'trailers']);
      continue;
    }
    kept.push([name, value]);
  }
  return kept;
}

/** The response's own fields. */
export function endToEndResponseHeaders(headers: HeaderList): [string, string][] {
  return headers.filter(([name]) => !CONNECTION_FIELDS.has(name)).map(([name, value]) => [name, value]);
}
