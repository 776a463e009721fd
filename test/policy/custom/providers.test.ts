import { describe, expect, it } from 'vitest';
import { type ExtensionProvider, extensionProviderSchema } from '../../../model/istio/extension-provider.ts';
import { resolveProvider } from '../../../policy/custom/providers.ts';

const REGISTRY = [{ host: 'authz.example', namespace: 'istio-system' }];
const HTTP = { service: 'authz.example', port: 8000 };

function provider(value: object): ExtensionProvider {
  return extensionProviderSchema.parse({ name: 'authz', ...value });
}

function resolved(value: object, name = 'authz') {
  return resolveProvider(name, [provider(value)], REGISTRY);
}

describe('resolveProvider', () => {
  it.each([
    ['an unknown name', {}, 'missing', 'no extension provider is called "missing"'],
    [
      'a provider that authorizes nothing',
      { zipkin: {} },
      'authz',
      'no extension provider is called "authz"',
    ],
    [
      'a name that is no label',
      { name: 'Authz', envoyExtAuthzHttp: HTTP },
      'Authz',
      '"Authz" is no name for a provider: lower-case letters, digits and hyphens only',
    ],
    ...['-authz', 'authz-', 'a.b', 'a'.repeat(64)].map((name): [string, object, string, string] => [
      `a name that is no label, ${name}`,
      { name, envoyExtAuthzHttp: HTTP },
      name,
      `${JSON.stringify(name)} is no name for a provider: lower-case letters, digits and hyphens only`,
    ]),
    ['an empty name', { name: '', envoyExtAuthzHttp: HTTP }, '', 'the provider has no name'],
    ['no service', { envoyExtAuthzHttp: { port: 8000 } }, 'authz', 'the provider names no service'],
    [
      'a service nobody knows',
      { envoyExtAuthzHttp: { ...HTTP, service: 'gone.example' } },
      'authz',
      'the service registry has no gone.example',
    ],
    [
      'a service of another namespace',
      { envoyExtAuthzGrpc: { ...HTTP, service: 'shop/authz.example' } },
      'authz',
      'the service registry has no shop/authz.example',
    ],
    [
      'a service of the namespace without a name',
      { envoyExtAuthzGrpc: { ...HTTP, service: '/authz.example' } },
      'authz',
      'the service registry has no /authz.example',
    ],
    ['no port', { envoyExtAuthzGrpc: { service: 'authz.example' } }, 'authz', '0 is not a port'],
    ['a port that is none', { envoyExtAuthzGrpc: { ...HTTP, port: 65536 } }, 'authz', '65536 is not a port'],
    [
      'a status that Envoy has no name for',
      { envoyExtAuthzHttp: { ...HTTP, statusOnError: '299' } },
      'authz',
      'statusOnError "299" is no status',
    ],
    ...['check', 'check/', '/%4', '/%4x/', '/%x4', '/%', '/a\tb', '/a\u007f'].map(
      (pathPrefix): [string, object, string, string] => [
        `a prefix that is no path, ${pathPrefix}`,
        { envoyExtAuthzHttp: { ...HTTP, pathPrefix } },
        'authz',
        `pathPrefix ${JSON.stringify(pathPrefix)} is no path`,
      ],
    ),
    ...[
      'includeRequestHeadersInCheck',
      'includeHeadersInCheck',
      'headersToDownstreamOnDeny',
      'headersToDownstreamOnAllow',
      'headersToUpstreamOnAllow',
    ].map((list): [string, object, string, string] => [
      `a lone star in ${list}`,
      { envoyExtAuthzHttp: { ...HTTP, [list]: ['x', '*'] } },
      'authz',
      `${list} holds a lone "*", which Istio doesn't take`,
    ]),
  ])('finds nobody to ask for %s', (_, value, name, fault) => {
    expect(resolved(value, name)).toEqual({ fault });
  });

  it('takes what is only just right', () => {
    const grpc = (over: object, name = 'authz') =>
      resolved({ name, envoyExtAuthzGrpc: { ...HTTP, ...over } }, name);
    for (const port of [1, 65535]) expect(grpc({ port })).toMatchObject({ provider: { port } });
    for (const name of ['a', 'a-b', '0', 'a'.repeat(63)])
      expect(grpc({}, name)).toMatchObject({ provider: { name } });
    for (const statusOnError of ['0', '100', '407', '408', '508', '510', '511'])
      expect(grpc({ statusOnError })).toMatchObject({ provider: { statusOnError: Number(statusOnError) } });
    for (const pathPrefix of ['', '/', '/a b', '/%2F', '/%aF/%00', '/caf\u00e9'])
      expect(resolved({ envoyExtAuthzHttp: { ...HTTP, pathPrefix } })).toMatchObject({
        provider: { pathPrefix },
      });
  });

  it('finds nobody where a name or a host stands twice', () => {
    const one = provider({ envoyExtAuthzHttp: HTTP });
    const other = { ...one, name: 'other' };
    expect(resolveProvider('authz', [one, other, one], REGISTRY)).toEqual({
      fault: 'two extension providers are called "authz"',
    });
    const twice = [...REGISTRY, { host: 'authz.example', namespace: 'shop' }];
    expect(resolveProvider('authz', [one], twice)).toEqual({
      fault: 'authz.example exists in several namespaces: write namespace/host',
    });
    const exact = provider({ envoyExtAuthzHttp: { ...HTTP, service: 'shop/authz.example' } });
    expect(resolveProvider('authz', [exact], twice)).toHaveProperty('provider');
  });

  it('fills what is left out as Istio does', () => {
    expect(resolved({ envoyExtAuthzGrpc: HTTP })).toMatchObject({
      provider: {
        protocol: 'grpc',
        failOpen: false,
        statusOnError: 403,
        timeoutMs: 600_000,
        downstreamOnDeny: [],
      },
    });
    const http = { ...HTTP, timeout: '0.5s', statusOnError: '503', includeHeadersInCheck: ['X-User'] };
    expect(resolved({ envoyExtAuthzHttp: http })).toMatchObject({
      provider: { timeoutMs: 500, statusOnError: 503, requestHeaders: [{ kind: 'exact', value: 'x-user' }] },
    });
  });

  it('reads the lists of an HTTP authorizer, names without case and additions by name', () => {
    const lists = {
      includeRequestHeadersInCheck: ['X-A*'],
      includeHeadersInCheck: ['x-old'],
      includeAdditionalHeadersInCheck: { 'X-Z': '1', 'X-B': '2' },
      headersToUpstreamOnAllow: ['X-Up'],
      headersToDownstreamOnDeny: ['X-Deny'],
      headersToDownstreamOnAllow: ['X-Allow'],
    };
    expect(resolved({ envoyExtAuthzHttp: { ...HTTP, ...lists, failOpen: true } })).toEqual({
      provider: {
        name: 'authz',
        protocol: 'http',
        service: 'authz.example',
        port: 8000,
        timeoutMs: 600_000,
        failOpen: true,
        statusOnError: 403,
        pathPrefix: '',
        requestHeaders: [{ kind: 'prefix', value: 'x-a' }],
        additionalHeaders: [
          ['x-b', '2'],
          ['x-z', '1'],
        ],
        upstreamOnAllow: [{ kind: 'exact', value: 'x-up' }],
        downstreamOnDeny: [{ kind: 'exact', value: 'x-deny' }],
        downstreamOnAllow: [{ kind: 'exact', value: 'x-allow' }],
      },
    });
  });
});
