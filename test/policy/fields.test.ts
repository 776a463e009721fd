import { describe, expect, it } from 'vitest';
import {
  conditionField,
  type FieldContext,
  OPERATION_FIELDS,
  SOURCE_FIELDS,
  splitNegation,
} from '../../policy/fields.ts';

const context: FieldContext = { policyNamespace: 'shop', trustDomains: ['cluster.local', 'old.example'] };

function compiledBy(key: string, value: string): unknown {
  return conditionField(key)?.compile(value, context);
}

describe('a key of `when`', () => {
  it.each([
    ['source.principal.x'],
    ['request.headers[]'],
    ['request.headers[x'],
    ['request.header[x]'],
    ['request.headers'],
    ['experimental.envoy.filters.http.lua'],
    ['experimental.envoy.filters.http.lua[]'],
    ['experimental.envoy.filters.http.lua[a]x'],
    ['an experimental.envoy.filters.http.lua[a]'],
    ['experimental.envoy.filters.http.jwt_authn[a]'],
    ['experimental.envoy.filters.http.ext_authz[a]'],
    ['experimental.envoy.filters.http.rbac[a]'],
    ['experimental.envoy.filters.network.ext_authz[a]'],
    ['experimental.envoy.filters.network.rbac[a]'],
    ['experimental.envoy.filters.network.mongo_proxy[a]'],
    ['experimental.envoy.filters.network.mysql_proxy[a]'],
  ])('that says nothing here is none: %s', (key) => {
    expect(conditionField(key)).toBeNull();
  });

  it.each([
    ['source.principal', 'connection'],
    ['source.namespace', 'connection'],
    ['source.serviceAccount', 'connection'],
    ['source.trustDomain', 'connection'],
    ['source.ip', 'connection'],
    ['remote.ip', 'connection'],
    ['destination.ip', 'connection'],
    ['destination.port', 'connection'],
    ['connection.sni', 'connection'],
    ['request.auth.principal', 'HTTP'],
  ])('looks at what it is called: %s, of the %s', (key, side) => {
    expect(conditionField(key)).toMatchObject({ attribute: key, header: null, httpOnly: side === 'HTTP' });
  });

  it('names a header without case, and the host by its HTTP/2 name', () => {
    expect(conditionField('request.headers[X-Role]')).toMatchObject({
      attribute: 'request.headers',
      header: 'x-role',
      httpOnly: true,
    });
    expect(conditionField('request.headers[Host]')?.header).toBe(':authority');
    expect(conditionField('request.headers[a]b]')?.header).toBe('a]b');
  });

  it('names a claim by its path', () => {
    expect(conditionField('request.auth.claims[realm][roles]')).toMatchObject({
      attribute: 'request.auth.claims',
      claim: ['realm', 'roles'],
      httpOnly: true,
    });
    expect(compiledBy('request.auth.claims[sub]', 'a*')).toEqual([{ kind: 'prefix', value: 'a' }]);
  });

  it('takes metadata that no filter writes, which then matches nothing', () => {
    const key = 'experimental.envoy.filters.http.lua[some key]';
    expect(conditionField(key)).toMatchObject({ attribute: 'filter.metadata', httpOnly: false });
    expect(compiledBy(key, 'x')).toEqual([{ kind: 'exact', value: 'x' }]);
  });
});

describe('a value', () => {
  it.each([
    ['destination.port', '65536'],
    ['destination.port', '100000'],
    ['destination.port', '080000'],
    ['destination.port', '80x'],
    ['destination.port', 'x80'],
    ['destination.port', '-1'],
    ['destination.port', ''],
    ['destination.port', '1e3'],
    ['source.ip', '10.0.0.0/33'],
    ['remote.ip', 'localhost'],
    ['destination.ip', ''],
  ])('that Istio refuses is no value: %s %j', (key, value) => {
    expect(compiledBy(key, value)).toBeNull();
  });

  it.each([
    ['destination.port', '65535', [{ kind: 'port', port: 65535 }]],
    ['destination.port', '0', [{ kind: 'port', port: 0 }]],
    ['source.ip', '10.1.0.0/16', [{ kind: 'ip', block: { bytes: [10, 1, 0, 0], bits: 16 } }]],
    ['connection.sni', '*.shop', [{ kind: 'suffix', value: '.shop' }]],
    ['connection.sni', '*', [{ kind: 'non-empty' }]],
    ['request.headers[x]', '*', [{ kind: 'present' }]],
    ['source.namespace', 'a*b', [{ kind: 'namespace', pieces: ['/ns/a', 'b/'] }]],
    ['source.serviceAccount', 'web', [{ kind: 'service-account', namespace: 'shop', serviceAccount: 'web' }]],
    ['source.serviceAccount', 'x/web', [{ kind: 'service-account', namespace: 'x', serviceAccount: 'web' }]],
    [
      'source.principal',
      'cluster.local/ns/shop/sa/web',
      [
        { kind: 'exact', value: 'cluster.local/ns/shop/sa/web' },
        { kind: 'exact', value: 'old.example/ns/shop/sa/web' },
      ],
    ],
    [
      'source.trustDomain',
      'old.example',
      [
        { kind: 'trust-domain', pieces: ['cluster.local'] },
        { kind: 'trust-domain', pieces: ['old.example'] },
      ],
    ],
    [
      'request.auth.principal',
      'https://a/*',
      [
        {
          kind: 'request-principal',
          issuer: { kind: 'exact', value: 'https://a' },
          subject: { kind: 'non-empty' },
        },
      ],
    ],
  ])('of %s is compiled as Istio means it: %j', (key, value, matches) => {
    expect(compiledBy(key, value)).toEqual(matches);
  });

  it.each([
    ['hosts', 'Shop.*', [{ kind: 'prefix', value: 'shop.' }]],
    ['hosts', '*', [{ kind: 'present' }]],
    ['methods', '*', [{ kind: 'present' }]],
    ['methods', 'GET', [{ kind: 'exact', value: 'GET' }]],
    ['paths', '*', [{ kind: 'non-empty' }]],
    ['ports', '80', [{ kind: 'port', port: 80 }]],
    ['paths', '/a/{*}/{x', null],
  ])('of operation.%s is compiled as Istio means it: %j', (name, value, matches) => {
    expect(OPERATION_FIELDS.get(name)?.compile(value, context)).toEqual(matches);
  });
});

describe('the fields of a rule', () => {
  it('look at what `when` calls otherwise', () => {
    expect([...SOURCE_FIELDS].map(([name, field]) => [name, field.attribute, field.httpOnly])).toEqual([
      ['principals', 'source.principal', false],
      ['requestPrincipals', 'request.auth.principal', true],
      ['namespaces', 'source.namespace', false],
      ['serviceAccounts', 'source.serviceAccount', false],
      ['trustDomains', 'source.trustDomain', false],
      ['ipBlocks', 'source.ip', false],
      ['remoteIpBlocks', 'remote.ip', false],
    ]);
    expect([...OPERATION_FIELDS].map(([name, field]) => [name, field.attribute, field.httpOnly])).toEqual([
      ['hosts', 'request.host', true],
      ['ports', 'destination.port', false],
      ['methods', 'request.method', true],
      ['paths', 'request.path', true],
    ]);
  });

  it.each([
    ['notPaths', 'paths', true],
    ['notIpBlocks', 'ipBlocks', true],
    ['paths', 'paths', false],
    ['notes', 'notes', false],
    ['xotPaths', 'xotPaths', false],
    ['not', 'not', false],
  ])('%s is %s, negated: %s', (written, name, negated) => {
    expect(splitNegation(written)).toEqual({ name, negated });
  });
});
