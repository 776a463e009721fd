/** The hash that chooses an endpoint, of what the DestinationRule names; and the cookie that makes one. */
import { randomBytes } from 'node:crypto';
import type { HashKey } from '../../policy/routes/compiled-routes.ts';
import { queryParameter } from '../../policy/routes/match-route.ts';
import type { RoutedRequest } from '../../policy/routes/route-decision.ts';
import { trimBlanks } from '../../wire/field-grammar.ts';
import { hashText } from './hash-ring.ts';

export interface RequestHash {
  /** null: nothing to hash, any endpoint will do. */
  hash: number | null;
  /** `set-cookie` for a client that had none. */
  cookie: string | null;
}

export function hashOfRequest(
  key: HashKey | null,
  request: RoutedRequest,
  remoteAddress: string,
): RequestHash {
  switch (key?.kind) {
    case undefined:
      return { hash: null, cookie: null };
    case 'source-ip':
      return { hash: hashText(remoteAddress), cookie: null };
    case 'query':
      return hashed(queryParameter(request.path, key.name));
    case 'header': {
      const values = request.headers.filter(([name]) => name === key.name).map(([, value]) => value);
      return hashed(values.length === 0 ? null : values.join(','));
    }
    case 'cookie': {
      const value = cookieOf(request, key.name);
      if (value !== null || key.ttlSeconds === null) return hashed(value);
      const made = randomBytes(8).toString('hex');
      return { hash: hashText(made), cookie: cookieText(key, made) };
    }
  }
}

function hashed(text: string | null): RequestHash {
  return { hash: text === null || text === '' ? null : hashText(text), cookie: null };
}

function cookieOf({ headers }: RoutedRequest, wanted: string): string | null {
  for (const [name, value] of headers) {
    if (name !== 'cookie') continue;
    for (const part of value.split(';')) {
      const equals = part.indexOf('=');
      if (equals < 0 || trimBlanks(part.slice(0, equals)) !== wanted) continue;
      const text = trimBlanks(part.slice(equals + 1));
      return text.startsWith('"') && text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text;
    }
  }
  return null;
}

/** A TTL of nothing makes it a cookie of the session. */
function cookieText(key: Extract<HashKey, { kind: 'cookie' }>, value: string): string {
  const parts = [`${key.name}="${value}"`];
  if (key.ttlSeconds !== null && key.ttlSeconds > 0) parts.push(`Max-Age=${key.ttlSeconds}`);
  if (key.path !== '') parts.push(`Path=${key.path}`);
  for (const [name, text] of key.attributes) parts.push(text === '' ? name : `${name}=${text}`);
  parts.push('HttpOnly');
  return parts.join('; ');
}
