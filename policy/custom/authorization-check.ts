/**
 * What an external authorizer is told of a request (Envoy's ext_authz): a gRPC one every header, an HTTP one the
 * request line, the credentials, and what its provider lists. Tells nothing else.
 */
import type { HeaderList, HttpFacts } from '../../model/request-facts.ts';
import type { ValueMatch } from '../compiled-policy.ts';
import { type CommandFacts, formatValue } from '../routes/header-commands.ts';
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
  for (const [name, written] of provider.additionalHeaders) {
    // A command that finds nothing leaves the header out (observed on Envoy 1.40).
    const value = formatValue(written, commandFacts(http));
    if (value !== '') headers.set(name, value);
  }
  return { provider, method, path: `${provider.pathPrefix}${path}`, host, headers: [...headers] };
}

/** What commands of an additional header may ask for here: the request's own fields. Others find nothing. */
function commandFacts({ method, path, host, headers, protocol }: HttpFacts): CommandFacts {
  const request: HeaderList = [
    [':method', method],
    [':path', path],
    [':authority', host],
    ['host', host],
    ...headers,
  ];
  const connection = { remoteAddress: '', remotePort: 0, localAddress: '', localPort: 0, routeName: '' };
  return {
    request,
    response: [],
    protocol: protocol === 'http1' ? 'HTTP/1.1' : 'HTTP/2',
    ...connection,
  };
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
