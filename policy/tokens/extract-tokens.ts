/**
 * Where a rule's tokens are in a request: headers, then query parameters, then cookies, each in order of bytes. Every
 * token at every place counts. Pure; nothing is verified here.
 */
import type { HttpFacts } from '../../model/request-facts.ts';
import type { HeaderLocation, TokenLocations } from './compiled-jwt.ts';
import { parseQuery } from './query.ts';

/** A token and where it was. */
export interface FoundToken {
  token: string;
  place: { kind: 'header' | 'param' | 'cookie'; name: string };
}

/** The tokens of a request, in Envoy's order (it verifies the last one first). */
export function extractTokens(
  locations: TokenLocations,
  http: Pick<HttpFacts, 'path' | 'headers'>,
): FoundToken[] {
  const found: FoundToken[] = [];
  for (const location of sorted(locations.headers, ({ name, prefix }) => name + prefix)) {
    for (const value of headerValues(location.name, http.headers)) {
      const token = tokenIn(value, location);
      if (token !== null) found.push({ token, place: { kind: 'header', name: location.name } });
    }
  }
  if (locations.params.length > 0) {
    const params = parseQuery(http.path);
    for (const name of sorted(locations.params, (one) => one)) {
      const token = params.get(name)?.[0];
      if (token !== undefined) found.push({ token, place: { kind: 'param', name } });
    }
  }
  for (const name of sorted(locations.cookies, (one) => one)) {
    const token = cookieValue(name, http.headers);
    if (token !== null) found.push({ token, place: { kind: 'cookie', name } });
  }
  return found;
}

/** Each once, in order of bytes. */
function sorted<T>(values: readonly T[], key: (value: T) => string): T[] {
  const byKey = new Map(values.map((value) => [key(value), value]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

/** `Authorization` is one line to Envoy, however often it was sent; other headers are values of their own. */
function headerValues(name: string, headers: HttpFacts['headers']): string[] {
  const values = headers.filter(([header]) => header === name).map(([, value]) => value);
  return name === 'authorization' && values.length > 1 ? [values.join(',')] : values;
}

/**
 * null = the prefix isn't in the value, so there is no token. A token begins with its first character and ends with
 * the value: a word behind it is part of its signature (observed on Envoy 1.40).
 */
function tokenIn(value: string, { prefix }: HeaderLocation): string | null {
  if (prefix === '') return value;
  const at = value.indexOf(prefix);
  if (at < 0) return null;
  for (let index = at + prefix.length; index < value.length; index += 1) {
    if (!isTokenCharacter(value.charCodeAt(index))) continue;
    return value.slice(index);
  }
  return value;
}

function isTokenCharacter(code: number): boolean {
  const letter = code | 0x20;
  return (
    (letter >= 0x61 && letter <= 0x7a && code < 0x80) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x5f
  );
}

/** The first cookie of that name, without its quotes. */
function cookieValue(name: string, headers: HttpFacts['headers']): string | null {
  for (const [header, line] of headers) {
    if (header !== 'cookie') continue;
    for (const part of line.split(';')) {
      const equals = part.indexOf('=');
      if (equals < 0) continue;
      const key = withoutLeadingSpaces(part.slice(0, equals));
      if (key !== name) continue;
      const value = part.slice(equals + 1);
      const quoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"');
      return quoted ? value.slice(1, -1) : value;
    }
  }
  return null;
}

function withoutLeadingSpaces(text: string): string {
  let start = 0;
  while (text.charCodeAt(start) === 0x20) start += 1;
  return text.slice(start);
}
