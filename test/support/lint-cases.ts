/** Small meshes for each lint, by what is odd (or not) in them. Negative cases say that they are right. */
import type { PathNormalization } from '../../model/mesh.ts';

type LintCase = string | readonly [yaml: string, normalization: PathNormalization];

interface Head {
  name?: string;
  namespace?: string;
  dryRun?: true;
}

function object(kind: string, spec: string, { name = 'p', namespace = 'shop', dryRun }: Head = {}): string {
  const annotations = dryRun ? ', annotations: { istio.io/dry-run: "true" }' : '';
  const indented = spec.replace(/^/gm, '  ');
  return `---\napiVersion: security.istio.io/v1\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace}${annotations} }\nspec:\n${indented}\n`;
}

function policy(action: string, rules: string, head: Head = {}, selector = ''): string {
  const provider = action === 'CUSTOM' ? '\nprovider: { name: authz }' : '';
  const selected = selector === '' ? '' : `\nselector: { matchLabels: { app: ${selector} } }`;
  return object('AuthorizationPolicy', `action: ${action}${provider}${selected}\nrules: [${rules}]`, head);
}

const allow = (rules: string, head: Head = {}, selector = '') => policy('ALLOW', rules, head, selector);
const deny = (rules: string, head: Head = {}, selector = '') => policy('DENY', rules, head, selector);
const to = (operation: string) => `{ to: [{ operation: { ${operation} } }] }`;
const from = (source: string) => `{ from: [{ source: { ${source} } }] }`;
const when = (key: string, values: string) => `{ when: [{ key: "${key}", ${values} }] }`;
const CLOSED = object('AuthorizationPolicy', '{}', { name: 'default-deny' });
const mtls = (spec: string, head: Head = {}) => object('PeerAuthentication', spec, head);
const STRICT = mtls('mtls: { mode: STRICT }', { name: 'default' });
const selectorOf = (app: string) => `selector: { matchLabels: { app: ${app} } }`;
const tokens = (rules: string, head: Head = {}, selector = '') =>
  object(
    'RequestAuthentication',
    `${selector === '' ? '' : `${selectorOf(selector)}\n`}jwtRules: [${rules}]`,
    head,
  );

export const LINT_CASES: Readonly<Record<string, Readonly<Record<string, LintCase>>>> = {
  'allow-only-in-dry-run': {
    'enforced: right': allow('{}'),
    'a DENY in dry run: right': deny('{}', { dryRun: true }),
    'beside one that is enforced: right': allow('{}', { dryRun: true }) + CLOSED,
    'the only one': allow('{}', { dryRun: true }),
    'the only one at some': allow('{}', { dryRun: true }) + allow('{}', { name: 'q' }, 'web'),
    'beside a DENY': allow('{}', { dryRun: true }, 'web') + deny(to('paths: [/x]'), { name: 'q' }),
  },
  'deny-host-dodge': {
    'an ALLOW: right': allow(to('hosts: [a.example]')),
    'in dry run: right': deny(to('hosts: [a.example]'), { dryRun: true }),
    'all but a host: right': deny(to('notHosts: [a.example]')),
    'paths: right': deny(to('paths: [/a]')),
    'written with stars, ports and dots: right': deny(to('hosts: ["a.example*", "*.b", "c:80", "d."]')),
    'with both twins: right': deny(to('hosts: [a.example, "a.example:*", a.example.]')),
    'where nothing is let in anyway: right': deny(to('hosts: [A.example]')) + CLOSED,
    'one host': deny(to('hosts: [A.example]')),
    'three hosts, one with a port': deny(to('hosts: [a, b, c, "a:*"]'), {}, 'web'),
  },
  'deny-misses-trailing-slash': {
    'an ALLOW: right': allow(to('paths: [/a]')),
    'in dry run: right': deny(to('paths: [/a]'), { dryRun: true }),
    'all but a path: right': deny(to('notPaths: [/a]')),
    'methods: right': deny(to('methods: [GET]')),
    'with stars, templates and slashes: right': deny(to('paths: ["/a*", "*/b", "/c/{*}", /d/]')),
    'with the twin: right': deny(to('paths: [/a, /a/]')),
    'where nothing is let in anyway: right': deny(to('paths: [/a]')) + CLOSED,
    'two paths': deny(to('paths: [/a, "/b/*", /c]')),
    'at one workload': deny(to('paths: [/a]'), {}, 'web'),
  },
  'deny-path-dodge': {
    'an ALLOW: right': allow(to('paths: [/a]')),
    'in dry run: right': deny(to('paths: [/a]'), { dryRun: true }),
    'all but a path: right': deny(to('notPaths: [/a]')),
    'hosts: right': deny(to('hosts: [a]')),
    'what names no path: right': deny(to('paths: ["*.php", "/*", "/a/{*}", "/a*b"]')),
    'where nothing is let in anyway: right': deny(to('paths: [/admin]')) + CLOSED,
    'what never matches: right': [deny(to('paths: [//admin]')), 'MERGE_SLASHES'],
    'one segment': deny(to('paths: [/admin]')),
    'one segment, merged': [deny(to('paths: [/admin]')), 'MERGE_SLASHES'],
    'two segments': deny(to('paths: [/admin/users]')),
    'two segments, decoded': [deny(to('paths: [/admin/users]')), 'DECODE_AND_MERGE_SLASHES'],
    'a start': deny(to('paths: ["/admin*"]')),
    'all under it': deny(to('paths: ["/admin/*"]')),
    'in upper case': deny(to('paths: [/ADMIN]')),
    'several, each way once': deny(to('paths: [/a, /b/c]')),
    'digits alone': deny(to('paths: [/1]'), {}, 'web'),
  },
  'deny-swallows-allow': {
    'another path: right': allow(to('paths: [/a]')) + deny(to('paths: [/b]'), { name: 'q' }),
    'in dry run: right': allow(to('paths: [/a]')) + deny('{}', { name: 'q', dryRun: true }),
    'elsewhere: right': allow(to('paths: [/a]'), {}, 'web') + deny('{}', { name: 'q' }, 'orders'),
    'selecting nothing: right': allow(to('paths: [/a]'), {}, 'none') + deny('{}', { name: 'q' }, 'none'),
    everything: allow(to('paths: [/a]'), {}, 'web') + deny('{}', { name: 'q' }),
    'a start of it':
      allow(`${to('paths: ["/a/*"]')}, ${to('paths: [/b]')}`) + deny(to('paths: ["/a*"]'), { name: 'q' }),
  },
  'host-never-matches': {
    'names: right': deny(to('hosts: [Shop.example, "*.example", "a:80"]')),
    'paths: right': deny(to('paths: ["http://a/b?c"]')),
    'server names: right': allow(when('connection.sni', 'values: [shop.example, "*"]')),
    'a scheme': deny(to('hosts: ["https://shop.example/x", "http://"]')),
    'a path, a query and a fragment': allow(to('hosts: ["a/b", "a?b", "a#b"]')),
    'a blank': deny(to('notHosts: ["a b"]')),
    'upper case in a server name': deny(when('connection.sni', 'values: [Shop.example]')),
    'upper case in an excluded one, in dry run': allow(when('connection.sni', 'notValues: [A]'), {
      dryRun: true,
    }),
  },
  'http-field-on-tcp': {
    'HTTP ports: right': deny(to('paths: [/a]'), {}, 'web'),
    'ports only: right': deny(to('ports: ["5433"]')),
    'an ALLOW at two': allow(to('paths: [/a]')),
    'a DENY at one': deny(to('methods: [GET], ports: ["5433"]'), {}, 'db'),
  },
  'identity-without-strict-mtls': {
    'where it is STRICT: right': STRICT + allow(from('namespaces: [shop]')),
    'no identity: right': allow(from('ipBlocks: [10.0.0.0/8]')),
    'in dry run: right': allow(from('namespaces: [shop]'), { dryRun: true }),
    'an excluded one: right': deny(from('notNamespaces: [shop]')),
    'an ALLOW': allow(from('principals: [cluster.local/ns/shop/sa/web]'), {}, 'web'),
    'an ALLOW by condition, at one port of two': allow(
      `{ to: [{ operation: { ports: ["8080"] } }], when: [{ key: source.namespace, values: [shop] }] }`,
      {},
      'cart',
    ),
    'an ALLOW where one port of two is STRICT':
      mtls(`${selectorOf('cart')}\nmtls: { mode: STRICT }\nportLevelMtls: { 8080: { mode: PERMISSIVE } }`) +
      allow(from('namespaces: [shop]'), {}, 'cart'),
    'an ALLOW at a port without mutual TLS':
      mtls(`${selectorOf('web')}\nmtls: { mode: DISABLE }`) +
      allow(from('serviceAccounts: [orders]'), {}, 'web'),
    'an ALLOW where one port of two has none':
      mtls(`${selectorOf('cart')}\nportLevelMtls: { 8080: { mode: DISABLE } }`) +
      allow(from('trustDomains: [cluster.local]'), {}, 'cart'),
    'an ALLOW where one port of two has none, and the other is STRICT':
      mtls(`${selectorOf('cart')}\nmtls: { mode: STRICT }\nportLevelMtls: { 8080: { mode: DISABLE } }`) +
      allow(from('namespaces: [shop]'), {}, 'cart'),
    'a DENY where all is let in': deny(from('namespaces: [ops]'), {}, 'web'),
    'a DENY where an identity is asked for':
      deny(from('namespaces: [ops]'), {}, 'web') + allow(from('namespaces: [shop]'), { name: 'q' }),
    'a DENY where it is asked for by condition':
      deny(from('namespaces: [ops]'), {}, 'web') +
      allow(when('source.principal', 'values: ["*"]'), { name: 'q' }),
    'a DENY where one of two ways asks for none':
      deny(from('namespaces: [ops]'), {}, 'web') +
      allow('{ from: [{ source: { namespaces: [shop] } }, { source: { ipBlocks: [10.0.0.0/8] } }] }', {
        name: 'q',
      }),
    'a DENY where only an exclusion is asked for':
      deny(from('namespaces: [ops]'), {}, 'web') + allow(from('notNamespaces: [ops]'), { name: 'q' }),
  },
  'ip-blocks-behind-gateway': {
    'private: right': allow(
      from(
        'ipBlocks: [10.1.0.0/16, 172.16.0.1, 192.168.0.0/24, 100.64.0.0/10, 169.254.0.0/16, 127.0.0.1, fc00::1, "fe80::/10", "::1"]',
      ),
    ),
    'wider than private: right': allow(from('ipBlocks: [0.0.0.0/0, "::/0"]')),
    'at the gateway: right': allow(from('remoteIpBlocks: [203.0.113.0/24]')),
    'selecting nothing: right': allow(from('ipBlocks: [203.0.113.9]'), {}, 'none'),
    one: allow(from('ipBlocks: [10.0.0.0/8, 203.0.113.0/24]'), {}, 'web'),
    'two, excluded': deny(from('notIpBlocks: [203.0.113.9, "2001:db8::/32"]'), {}, 'web'),
    'by condition, in dry run': deny(when('source.ip', 'values: [203.0.113.9]'), { dryRun: true }, 'web'),
    'just outside of what is private': allow(
      from(
        'ipBlocks: [11.0.0.0/8, 172.32.0.0/16, 192.169.0.0/16, 100.128.0.0/10, 169.255.0.0/16, 128.0.0.0/8, "fe00::/16", "::2"]',
      ),
      {},
      'web',
    ),
  },
  'jwks-uri-private': {
    'https: right': tokens('{ issuer: a, jwksUri: "https://a.example/keys" }'),
    'inline keys win: right': tokens(
      '{ issuer: a, jwks: \'{"keys":[]}\', jwksUri: "http://localhost/keys" }',
    ),
    'no keys: right': tokens('{ issuer: a }'),
    'another kind: right': allow('{}'),
    'no rules: right': tokens(''),
    'without TLS': tokens('{ issuer: a, jwksUri: "HTTP://user@a.example:8080/keys?x#y" }'),
    'by the old name': tokens(
      '{ issuer: b, jwksUri: "https://b" }, { issuer: a, jwks_uri: "http://a.example" }',
    ),
    'of a private network': tokens(
      '{ issuer: a, jwksUri: "https://10.0.0.5/keys" }, { issuer: b, jwksUri: "https://[fd00::5]:8443/keys" }',
    ),
    'just outside of it: right': tokens('{ issuer: a, jwksUri: "https://11.0.0.5/keys" }'),
    'istiod itself': tokens(
      [
        'https://localhost/x',
        'https://a.localhost',
        'http://127.1.2.3:80',
        'https://0.0.0.0?x',
        'https://[::1]:443/x',
        'https://x@LOCALHOST#y',
      ]
        .map((uri) => `{ issuer: a, jwksUri: "${uri}" }`)
        .join(', '),
    ),
    'near to itself: right': tokens(
      [
        'https://localhost.example',
        'https://128.0.0.1',
        'https://0.0.0.1',
        'https://[::2]',
        'https://notlocalhost',
      ]
        .map((uri) => `{ issuer: a, jwksUri: "${uri}" }`)
        .join(', '),
    ),
    'the metadata service': tokens(
      '{ issuer: a, jwksUri: "http://169.254.169.254/x" }, { issuer: a, jwksUri: "https://metadata.google.internal" }',
    ),
  },
  'jwt-not-required': {
    'required by an ALLOW: right': tokens('{ issuer: a }') + allow(from('requestPrincipals: ["*"]')),
    'required by a DENY: right': tokens('{ issuer: a }') + deny(from('notRequestPrincipals: ["*"]')),
    'required by a claim: right':
      tokens('{ issuer: a }') + allow(when('request.auth.claims[iss]', 'values: [a]')),
    'required by condition: right':
      tokens('{ issuer: a }') + allow(when('request.auth.principal', 'values: [a/b]')),
    'nothing is let in: right': tokens('{ issuer: a }') + CLOSED,
    'only TCP: right': tokens('{ issuer: a }', {}, 'db'),
    'no policy': tokens('{ issuer: a }', {}, 'web'),
    'an ALLOW of anything': tokens('{ issuer: a }', {}, 'web') + allow(to('methods: [GET]')),
    'required in dry run only':
      tokens('{ issuer: a }', {}, 'web') + allow(from('requestPrincipals: ["*"]'), { dryRun: true }),
    'a DENY of something else': tokens('{ issuer: a }', {}, 'cart') + deny(to('paths: [/x]')),
    'in another namespace':
      tokens('{ issuer: a }', { namespace: 'billing' }) + allow(from('requestPrincipals: ["*"]')),
    'in the whole mesh': tokens('{ issuer: a }', { namespace: 'istio-system' }),
  },
  'method-never-matches': {
    'upper case: right': deny(to('methods: [GET, "*", "P*"]')),
    'paths: right': deny(to('paths: [/get]')),
    'a DENY': deny(to('methods: [get, POST, " put "]')),
    'an ALLOW': allow(to('methods: [Get]')),
    excluded: deny(to('notMethods: [get]')),
    'in dry run': deny(to('methods: [get]'), { dryRun: true }),
  },
  'mtls-port-unknown': {
    'known: right': mtls(`${selectorOf('web')}\nportLevelMtls: { 8080: { mode: STRICT } }`),
    'another kind: right': allow('{}'),
    'in the root namespace: right': mtls(`${selectorOf('web')}\nportLevelMtls: { 1: { mode: STRICT } }`, {
      namespace: 'istio-system',
    }),
    'selecting nothing: right': mtls(`${selectorOf('none')}\nportLevelMtls: { 1: { mode: STRICT } }`),
    "the service's port": mtls(`${selectorOf('web')}\nportLevelMtls: { 80: { mode: STRICT } }`),
    'any other, of a workload with two': mtls(
      `${selectorOf('cart')}\nportLevelMtls: { 8080: { mode: STRICT }, 9090: { mode: STRICT } }`,
    ),
  },
  'negation-met-by-plaintext': {
    'where it is STRICT: right': STRICT + allow(from('notNamespaces: [ops]')),
    'a DENY: right': deny(from('notNamespaces: [ops]')),
    'in dry run: right': allow(from('notNamespaces: [ops]'), { dryRun: true }),
    'beside one that is wanted: right': allow(from('notNamespaces: [ops], principals: ["*"]')),
    'beside a condition: right': allow(
      `{ from: [{ source: { notNamespaces: [ops] } }], when: [{ key: source.principal, values: ["*"] }] }`,
    ),
    'addresses: right': allow(from('notIpBlocks: [10.0.0.0/8]')),
    'a source': allow(from('notNamespaces: [ops]'), {}, 'web'),
    'beside one wanted in another source': allow(
      '{ from: [{ source: { notPrincipals: [a/ns/b/sa/c] } }, { source: { namespaces: [shop] } }] }',
      {},
      'web',
    ),
    'a condition': allow(when('source.namespace', 'notValues: [ops]'), {}, 'web'),
    'a condition beside a wanted source': allow(
      `{ from: [{ source: { namespaces: [shop] } }], when: [{ key: source.namespace, notValues: [ops] }] }`,
      {},
      'web',
    ),
  },
  'no-default-deny': {
    'in both namespaces: right': CLOSED + object('AuthorizationPolicy', '{}', { namespace: 'billing' }),
    'in the root namespace: right': object('AuthorizationPolicy', '{}', { namespace: 'istio-system' }),
    'an ALLOW that lets something in: right': allow(to('paths: [/a]'), { namespace: 'istio-system' }),
    none: '',
    'all selected':
      ['web', 'orders', 'cart', 'db'].map((app) => allow('{}', { name: app }, app)).join('') +
      object('AuthorizationPolicy', '{}', { namespace: 'billing' }),
    'some selected': allow('{}', {}, 'web') + object('AuthorizationPolicy', '{}', { namespace: 'billing' }),
    'an ALLOW of everything': allow('{}', { namespace: 'istio-system' }),
    'an ALLOW of everything among others': allow(`${to('paths: [/a]')}, {}`, { namespace: 'istio-system' }),
    'a DENY': deny('{}', { namespace: 'istio-system' }),
    'in dry run': allow('', { namespace: 'istio-system', dryRun: true }),
    'for a gateway': object(
      'AuthorizationPolicy',
      'targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: gw }]',
    ),
  },
  'path-never-matches': {
    'as policies see it: right': deny(to('paths: [/a/b, "/a*", "/a/{*}/{**}", "/", "/a%20b"]')),
    'hosts: right': deny(to('hosts: ["a?b"]')),
    'a query': deny(to('paths: ["/a?b", "/a#b", "a?b", "*b?c"]')),
    'no slash': allow(to('paths: [a/b]')),
    dots: deny(to('paths: [/a/../b, "/a/./*"]')),
    'two slashes, kept: right': deny(to('paths: [//a, "/a//b*"]')),
    'two slashes, merged': [deny(to('paths: [//a, "/a//*"]')), 'MERGE_SLASHES'],
    'two slashes, excluded': [allow(to('notPaths: [//a]')), 'MERGE_SLASHES'],
    'an escaped slash': [deny(to('paths: ["/a%2Fb"]'), { dryRun: true }), 'DECODE_AND_MERGE_SLASHES'],
    'what is refused': deny(to('paths: ["/a%00"]')),
    'not normalized: right': [deny(to('paths: [/a/../b]')), 'NONE'],
    'other letters': deny(to('paths: ["/caf\u00e9"]')),
  },
  'peer-authentications-compete': {
    'one of each scope: right': STRICT + mtls(`${selectorOf('web')}\nmtls: { mode: DISABLE }`),
    'of one mode: right': STRICT + mtls('mtls: { mode: STRICT }'),
    'in two namespaces: right': STRICT + mtls('mtls: { mode: DISABLE }', { namespace: 'billing' }),
    'of two workloads: right':
      mtls(`${selectorOf('web')}\nmtls: { mode: DISABLE }`) +
      mtls(`${selectorOf('cart')}\nmtls: { mode: STRICT }`, { name: 'q' }),
    'left out in the root namespace: right':
      mtls(`${selectorOf('web')}\nmtls: { mode: DISABLE }`, { namespace: 'istio-system' }) +
      mtls(`${selectorOf('web')}\nmtls: { mode: STRICT }`, { name: 'q', namespace: 'istio-system' }),
    'of a namespace': STRICT + mtls('mtls: { mode: DISABLE }'),
    'of the mesh':
      mtls('mtls: { mode: STRICT }', { namespace: 'istio-system' }) +
      mtls('{}', { name: 'q', namespace: 'istio-system' }),
    'of a workload, by its ports':
      mtls(`${selectorOf('web')}\nportLevelMtls: { 8080: { mode: DISABLE } }`) +
      mtls(`${selectorOf('web')}\nportLevelMtls: { 8080: { mode: STRICT } }`, { name: 'q' }),
  },
  'principal-never-matches': {
    'identities: right': deny(
      from('principals: [cluster.local/ns/shop/sa/web, "*", "cluster.local/*", "*/sa/web"]'),
    ),
    'tokens: right': allow(from('requestPrincipals: ["*", "a/*", "https://a.example/b", "*b"]')),
    'namespaces: right': allow(from('namespaces: ["spiffe://a"]')),
    'with its scheme': deny(from('principals: ["spiffe://cluster.local/ns/shop/sa/web"]')),
    'with its scheme, let in': allow(from('principals: ["spiffe://*"]')),
    'with its scheme, excluded': deny(from('notPrincipals: ["spiffe://cluster.local/ns/shop/sa/web"]')),
    'of another form': deny(
      from(
        'principals: [web, a/ns/b/sa, a/ns/b/sa/c/d, /ns/b/sa/c, a/ns//sa/c, a/ns/b/sa/, a/n/b/sa/c, a/ns/b/s/c]',
      ),
    ),
    'by condition, in dry run': allow(when('source.principal', 'values: [web]'), { dryRun: true }),
    'of tokens': allow(from('requestPrincipals: ["https://*", "http://*", alice]')),
    'of tokens, by condition': deny(
      when('request.auth.principal', 'notValues: [alice, "xhttps://*", "https://*x"]'),
    ),
  },
  'remote-ip-forgeable': {
    'direct peers: right': allow(from('ipBlocks: [10.0.0.0/8]')),
    'an AUDIT: right': policy('AUDIT', from('remoteIpBlocks: [10.0.0.0/8]')),
    'in dry run: right': allow(from('remoteIpBlocks: [10.0.0.0/8]'), { dryRun: true }),
    'at TCP: right': allow(from('remoteIpBlocks: [10.0.0.0/8]'), {}, 'db'),
    'from a named caller: right': allow(
      from('remoteIpBlocks: [10.0.0.0/8], principals: [cluster.local/ns/shop/sa/web]'),
    ),
    'from one named by condition: right': allow(
      `{ from: [{ source: { remoteIpBlocks: [10.0.0.0/8] } }], when: [{ key: source.namespace, values: [shop] }] }`,
    ),
    'by condition, from a named caller: right': allow(
      `{ from: [{ source: { namespaces: [shop] } }], when: [{ key: remote.ip, values: [10.0.0.0/8] }] }`,
    ),
    'an ALLOW': allow(from('remoteIpBlocks: [10.0.0.0/8]')),
    'a DENY from a named caller': deny(
      from('notRemoteIpBlocks: [10.0.0.0/8], namespaces: [shop]'),
      {},
      'web',
    ),
    'from one named in another source': allow(
      '{ from: [{ source: { remoteIpBlocks: [10.0.0.0/8] } }, { source: { namespaces: [shop] } }] }',
      {},
      'web',
    ),
    'beside an excluded caller': allow(
      from('remoteIpBlocks: [10.0.0.0/8], notNamespaces: [shop]'),
      {},
      'web',
    ),
    'by condition': allow(when('remote.ip', 'values: [10.0.0.0/8]'), {}, 'web'),
  },
  'root-selector-ignored': {
    'in its namespace: right': mtls(`${selectorOf('web')}\nmtls: { mode: STRICT }`),
    'without a selector: right': mtls('mtls: { mode: STRICT }', { namespace: 'istio-system' }),
    'another kind: right': allow('{}', { namespace: 'istio-system' }, 'web'),
    one: mtls(`${selectorOf('web')}\nmtls: { mode: STRICT }`, { namespace: 'istio-system' }),
  },
  'rule-never-matches': {
    'a known port: right': allow(to('ports: ["8080", "1"]')),
    'an ALLOW that selects nothing: right': allow(to('ports: ["1"]'), {}, 'none'),
    'wanted and excluded, in part: right': allow(to('paths: [/a, /b], notPaths: [/a]')),
    'excluded elsewhere: right': allow(
      '{ to: [{ operation: { paths: [/a] } }, { operation: { notPaths: [/a] } }] }',
    ),
    'every host of a header: right': allow(when('request.headers[x]', 'values: [a], notValues: [a]')),
    'two namespaces that agree: right': allow(
      from('principals: [cluster.local/ns/shop/sa/web], namespaces: [shop, ops]'),
    ),
    'two that may agree: right': allow(
      from('principals: [cluster.local/ns/shop/sa/web, "*"], namespaces: [ops]') +
        ', ' +
        from('principals: [cluster.local/ns/shop/sa/web], namespaces: ["s*"]'),
    ),
    'a port that nobody has': deny(to('ports: ["1", "2"]'), {}, 'web'),
    "the service's port": allow(to('ports: ["80"]'), {}, 'web'),
    'a port by condition': allow(when('destination.port', 'values: ["80"]'), {}, 'web'),
    'one way of two': deny(
      '{ to: [{ operation: { ports: ["1"] } }, { operation: { ports: ["8080"] } }] }',
      {},
      'web',
    ),
    'both ways': allow(
      '{ to: [{ operation: { ports: ["1"] } }, { operation: { ports: ["2"] } }] }',
      {},
      'web',
    ),
    'all excluded': allow(
      `${to('notPaths: ["*"]')}, ${to('notMethods: ["*"]')}, ${to('notHosts: ["*"]')}, ${from('notNamespaces: ["*"]')}`,
    ),
    'wanted and excluded': deny(to('paths: [/a, /a/b], notPaths: ["/a*"]')),
    'wanted and excluded, of a caller': allow(from('namespaces: [shop], notNamespaces: [shop, ops]'), {
      dryRun: true,
    }),
    'two namespaces that differ': allow(
      from('principals: [cluster.local/ns/shop/sa/web], namespaces: [ops, billing]'),
    ),
  },
  'rule-shadowed': {
    'different: right': allow(`${to('paths: [/a]')}, ${to('paths: [/b]')}`),
    'of other actions: right': allow('{}') + deny(to('paths: [/a]'), { name: 'q' }),
    'in dry run: right': allow(to('paths: [/a]')) + allow('{}', { name: 'q', dryRun: true }),
    'elsewhere: right': allow(to('paths: [/a]'), {}, 'web') + allow('{}', { name: 'q' }, 'orders'),
    'selecting nothing: right': allow('{}, {}', {}, 'none'),
    'wider elsewhere: right': allow(to('paths: [/a]')) + allow('{}', { name: 'q' }, 'web'),
    'a wider one before it': allow(`${to('paths: ["/a*"]')}, ${to('paths: [/a]')}`),
    'a wider one after it': deny(`${to('paths: [/a]')}, ${to('paths: ["/a*"]')}`),
    'the same twice: the later': allow(`${to('paths: [/a]')}, ${to('paths: [/a]')}`),
    'the same for more workloads, later':
      allow(to('paths: [/a]'), {}, 'web') + allow(to('paths: [/a]'), { name: 'q' }),
  },
  'target-not-enforced': {
    'a selector: right': allow('{}', {}, 'web'),
    'a gateway': object(
      'AuthorizationPolicy',
      'targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: gw }]',
    ),
    'one reference': object('AuthorizationPolicy', 'targetRef: { kind: Service, group: "", name: web }'),
    'a service that is there': object(
      'AuthorizationPolicy',
      'targetRefs: [{ kind: Service, group: "", name: web }]',
    ),
    'services, one of which is elsewhere': object(
      'RequestAuthentication',
      'targetRefs: [{ kind: Service, group: "", name: web }, { kind: Service, group: "", name: ledger }]',
    ),
  },
  'unknown-identity': {
    'known: right': allow(
      `${from('principals: [cluster.local/ns/shop/sa/web, old.example/ns/billing/sa/ledger, a/b/c, a/ns/b/x/c, a/ns/b/sa/c/d], trustDomains: [old.example], namespaces: [shop]')}, ${from('serviceAccounts: [web, billing/ledger]')}`,
    ),
    'patterns: right': allow(
      from('principals: ["*/sa/nobody"], namespaces: ["none*"], trustDomains: ["x*"]'),
    ),
    'addresses: right': allow(from('ipBlocks: [10.0.0.0/8]')),
    'a trust domain': deny(from('trustDomains: [other.example]')),
    'a trust domain in dry run': deny(from('principals: [other.example/ns/shop/sa/web]'), { dryRun: true }),
    'a namespace': allow(from('namespaces: [elsewhere]')),
    'a namespace nearly right': allow(from('namespaces: [shopp]')),
    'an account': allow(from('serviceAccounts: [nobody]')),
    'an account nearly right, in dry run': allow(from('serviceAccounts: [order]'), { dryRun: true }),
    'an account of another namespace': allow(from('serviceAccounts: [ledger]')),
    'an account of a namespace': deny(from('serviceAccounts: [billing/nobody, elsewhere/x]')),
    'a principal, by condition': deny(
      when('source.principal', 'notValues: [cluster.local/ns/shop/sa/nobody]'),
    ),
  },
  'wildcard-in-the-middle': {
    'at an end: right': deny(to('paths: ["/a*", "*b", "*"], hosts: ["*.a"], methods: ["P*"]')),
    'templates: right': deny(to('paths: ["/a/{*}/b", "/{**}"]')),
    'where it is one: right': allow(from('namespaces: ["a*b"]')),
    'a segment': deny(to('paths: ["/a/*/b", "/a/*/*"]')),
    'a part of a segment': deny(to('paths: ["/a*b/c", "/a/*b*"]')),
    'without a slash first': deny(to('paths: ["a/*/b"]')),
    'of an ALLOW': allow(to('paths: ["/a/*/b"]')),
    excluded: deny(to('notPaths: ["/a/*/b"]')),
    'of a host and a principal': allow(
      `{ from: [{ source: { principals: ["cluster.local/ns/*/sa/web"] } }], to: [{ operation: { hosts: ["*.a.*"] } }] }`,
    ),
    'of a header, in dry run': deny(when('request.headers[x]', 'values: ["a*b"]'), { dryRun: true }),
  },
};
