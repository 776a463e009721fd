/**
 * What an external authorizer is told of a request (Envoy's ext_authz): a gRPC one every header, an HTTP one the
 * request line, the credentials, and what its provider lists. Tells nothing else.
 */
import type { HeaderList, HttpFacts } from '../../model/request-facts.ts';
import type { ValueMatch } from '../compiled-policy.ts';
import { matchesValue } from '../value-match.ts';
import type { AuthorizerProvider } from './providers.ts';

/** The question. Header names lower-case, each once: a header sent twice is joined. */
export interface AuthorizationCheck {
  provider: AuthorizerProvider;
  method: string;
  /** Normalized, with query; behind `pathPrefix`, which is put before it as it is. */
  path: string;
  host: string;
  headers: HeaderList;
}

/** The question about `http`, which a CUSTOM rule matched. */
export function checkFor(provider: AuthorizerProvider, http: HttpFacts): AuthorizationCheck {
  const { method, path, host } = http;
  const told = joined(http.headers);
  if (provider.protocol === 'grpc') return { provider, method, path, host, headers: [...told] };
  const headers = new Map([['content-length', '0']]);
  for (const [name, value] of told) {
    if (name === 'content-length') continue;
    if (name === 'authorization' || matchesName(provider.requestHeaders, name)) headers.set(name, value);
  }
  for (const [name, value] of provider.additionalHeaders) headers.set(name, value);
  return { provider, method, path: `${provider.pathPrefix}${path}`, host, headers: [...headers] };
}

/** Whether any of the patterns takes the header's name. */
export function matchesName(patterns: readonly ValueMatch[], name: string): boolean {
  return patterns.some((pattern) => matchesValue(pattern, name.toLowerCase()));
}

function joined(headers: HeaderList): Map<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of headers) {
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before},${value}`);
  }
  return values;
}
