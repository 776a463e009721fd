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
    ['an unknown name', {}, 'missing'],
    ['a provider that authorizes nothing', { zipkin: {} }, 'authz'],
    ['a name that is no label', { name: 'Authz', envoyExtAuthzHttp: HTTP }, 'Authz'],
    ['an empty name', { name: '', envoyExtAuthzHttp: HTTP }, ''],
    ['no service', { envoyExtAuthzHttp: { port: 8000 } }, 'authz'],
    ['a service nobody knows', { envoyExtAuthzHttp: { ...HTTP, service: 'gone.example' } }, 'authz'],
    [
      'a service of another namespace',
      { envoyExtAuthzGrpc: { ...HTTP, service: 'shop/authz.example' } },
      'authz',
    ],
    ['no port', { envoyExtAuthzGrpc: { service: 'authz.example' } }, 'authz'],
    ['a port that is none', { envoyExtAuthzGrpc: { ...HTTP, port: 65536 } }, 'authz'],
    [
      'a status that Envoy has no name for',
      { envoyExtAuthzHttp: { ...HTTP, statusOnError: '299' } },
      'authz',
    ],
    ['a prefix without its slash', { envoyExtAuthzHttp: { ...HTTP, pathPrefix: 'check' } }, 'authz'],
    ['a prefix with half an escape', { envoyExtAuthzHttp: { ...HTTP, pathPrefix: '/%4' } }, 'authz'],
    ['a lone star', { envoyExtAuthzHttp: { ...HTTP, headersToDownstreamOnDeny: ['*'] } }, 'authz'],
    [
      'a lone star of what is told',
      { envoyExtAuthzHttp: { ...HTTP, includeHeadersInCheck: ['x', '*'] } },
      'authz',
    ],
  ])('finds nobody to ask for %s', (_, value, name) => {
    expect(resolved(value, name)).toHaveProperty('fault');
  });

  it('finds nobody where a name or a host stands twice', () => {
    const one = provider({ envoyExtAuthzHttp: HTTP });
    expect(resolveProvider('authz', [one, one], REGISTRY)).toHaveProperty('fault');
    const twice = [...REGISTRY, { host: 'authz.example', namespace: 'shop' }];
    expect(resolveProvider('authz', [one], twice)).toHaveProperty('fault');
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
});
