/**
 * Which external authorizer a CUSTOM policy's provider stands for, as istiod resolves it. Refuses what istiod refuses:
 * then nobody can be asked, and whatever the policy's rules match is denied.
 */
import type { ExtensionProvider, HttpAuthorizerSettings } from '../../model/istio/extension-provider.ts';
import type { HeaderList } from '../../model/request-facts.ts';
import type { ValueMatch } from '../compiled-policy.ts';
import { compileString } from '../value-match.ts';

/** An authorizer that can be asked. Plain JSON: it crosses threads with the policy. */
export interface AuthorizerProvider {
  name: string;
  protocol: 'http' | 'grpc';
  /** Host of the service registry. */
  service: string;
  port: number;
  timeoutMs: number;
  /** Whether a request passes when the authorizer doesn't answer. */
  failOpen: boolean;
  /** Status of a denial when it doesn't answer. */
  statusOnError: number;
  /** HTTP only, as everything below: put before the path as it is. */
  pathPrefix: string;
  requestHeaders: readonly ValueMatch[];
  additionalHeaders: HeaderList;
  upstreamOnAllow: readonly ValueMatch[];
  /** Empty = all of a denial's headers. */
  downstreamOnDeny: readonly ValueMatch[];
  downstreamOnAllow: readonly ValueMatch[];
}

/** A host of the registry and the namespace it was declared in. */
export interface RegistryHost {
  host: string;
  namespace: string;
}

export type ResolvedProvider = { provider: AuthorizerProvider } | { fault: string };

/** Resolves `name`; the last provider of a name speaks, and a repeated name is a fault. */
export function resolveProvider(
  name: string,
  providers: readonly ExtensionProvider[],
  registry: readonly RegistryHost[],
): ResolvedProvider {
  const authorizing = providers.filter(
    (one) =>
      one.name === name && (one.envoyExtAuthzHttp !== undefined || one.envoyExtAuthzGrpc !== undefined),
  );
  const found = authorizing[0];
  if (found === undefined) return { fault: `no extension provider is called ${JSON.stringify(name)}` };
  if (authorizing.length > 1) return { fault: `two extension providers are called ${JSON.stringify(name)}` };
  const http = found.envoyExtAuthzHttp;
  const settings = http ?? found.envoyExtAuthzGrpc;
  if (settings === undefined) return { fault: 'the provider has no settings' };
  const service = lookUp(settings.service, registry);
  const fault =
    nameFault(name) ??
    (settings.port >= 1 && settings.port <= 65535 ? null : `${settings.port} is not a port`) ??
    statusFault(settings.statusOnError) ??
    (http === undefined ? null : httpFault(http)) ??
    ('fault' in service ? service.fault : null);
  if (fault !== null || 'fault' in service) return { fault: fault ?? 'its service is unknown' };
  return {
    provider: {
      name,
      protocol: http === undefined ? 'grpc' : 'http',
      service: service.host,
      port: settings.port,
      timeoutMs:
        settings.timeout === undefined ? DEFAULT_TIMEOUT_MS : Number.parseFloat(settings.timeout) * 1000,
      failOpen: settings.failOpen,
      statusOnError: settings.statusOnError === '' ? 403 : Number(settings.statusOnError),
      ...httpSettings(http),
    },
  };
}

const DEFAULT_TIMEOUT_MS = 600_000;

type HttpSettings = Pick<
  AuthorizerProvider,
  | 'pathPrefix'
  | 'requestHeaders'
  | 'additionalHeaders'
  | 'upstreamOnAllow'
  | 'downstreamOnDeny'
  | 'downstreamOnAllow'
>;

function httpSettings(http: HttpAuthorizerSettings | undefined): HttpSettings {
  const included = http?.includeRequestHeadersInCheck ?? [];
  return {
    pathPrefix: http?.pathPrefix ?? '',
    requestHeaders: patterns(included.length > 0 ? included : http?.includeHeadersInCheck),
    additionalHeaders: Object.entries(http?.includeAdditionalHeadersInCheck ?? {})
      .map(([name, value]): [string, string] => [name.toLowerCase(), value])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    upstreamOnAllow: patterns(http?.headersToUpstreamOnAllow),
    downstreamOnDeny: patterns(http?.headersToDownstreamOnDeny),
    downstreamOnAllow: patterns(http?.headersToDownstreamOnAllow),
  };
}

/** Names of headers are compared without case. */
function patterns(names: readonly string[] | undefined): ValueMatch[] {
  return (names ?? []).map((name) => compileString(name.toLowerCase()));
}

function lookUp(service: string, registry: readonly RegistryHost[]): { host: string } | { fault: string } {
  if (service === '') return { fault: 'the provider names no service' };
  const slash = service.indexOf('/');
  const host = service.slice(slash + 1);
  const known = registry.filter(
    (one) => one.host === host && (slash < 0 || one.namespace === service.slice(0, slash)),
  );
  const namespaces = new Set(known.map((one) => one.namespace));
  if (namespaces.size === 1) return { host };
  if (namespaces.size > 1) return { fault: `${host} exists in several namespaces: write namespace/host` };
  return { fault: `the service registry has no ${service}` };
}

/** A DNS label: names stand in Envoy's rule names and metadata keys. */
function nameFault(name: string): string | null {
  if (name === '') return 'the provider has no name';
  return /^[a-z0-9-]{1,63}$/.test(name) && !name.startsWith('-') && !name.endsWith('-')
    ? null
    : `${JSON.stringify(name)} is no name for a provider: lower-case letters, digits and hyphens only`;
}

/** Codes that Envoy has a name for. */
const STATUSES: ReadonlySet<string> = new Set(
  (
    '0 100 200 201 202 203 204 205 206 207 208 226 300 301 302 303 304 305 307 308 400 401 402 403 404 405 406 407 ' +
    '408 409 410 411 412 413 414 415 416 417 421 422 423 424 426 428 429 431 500 501 502 503 504 505 506 507 508 ' +
    '510 511'
  ).split(' '),
);

function statusFault(status: string): string | null {
  return status === '' || STATUSES.has(status)
    ? null
    : `statusOnError ${JSON.stringify(status)} is no status`;
}

function httpFault(http: HttpAuthorizerSettings): string | null {
  const { pathPrefix } = http;
  if (pathPrefix !== '' && !(pathPrefix.startsWith('/') && isUrlPath(pathPrefix)))
    return `pathPrefix ${JSON.stringify(pathPrefix)} is no path`;
  const lists = {
    includeRequestHeadersInCheck: http.includeRequestHeadersInCheck,
    includeHeadersInCheck: http.includeHeadersInCheck,
    headersToDownstreamOnDeny: http.headersToDownstreamOnDeny,
    headersToDownstreamOnAllow: http.headersToDownstreamOnAllow,
    headersToUpstreamOnAllow: http.headersToUpstreamOnAllow,
  };
  const starred = Object.entries(lists).find(([, values]) => values?.includes('*'));
  return starred ? `${starred[0]} holds a lone "*", which Istio doesn't take` : null;
}

/** Whole escapes and no control bytes: what Go's URL parser asks of a path. */
function isUrlPath(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return false;
    if (code === 0x25 && !/^[0-9a-fA-F]{2}$/.test(text.slice(index + 1, index + 3))) return false;
  }
  return true;
}
