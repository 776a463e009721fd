/**
 * Generators of policies and requests that collide: a small vocabulary in which exact values, prefixes, suffixes,
 * templates, blocks, cases, empty and repeated values overlap, and every field has its not-form. Policies are made as
 * objects, past the schema: also values that admission refuses must be judged alike by both evaluators.
 */
import fc from 'fast-check';
import type { PolicyObject } from '../../model/policy-object.ts';
import type { ConnectionFacts, HttpFacts, RequestFacts } from '../../model/request-facts.ts';

const PIECES = ['/', 'a', 'b', 'A', '//', '.', '%2F', '-'] as const;
const DOMAINS = ['cluster.local', 'old.example', 'ns', ''];
const NAMES = ['shop', 'billing', 'ns', 'sa', 'web', ''];

const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 5 }).map((pieces) => pieces.join(''));

/** Exact, prefix, suffix, star, star in the middle. */
function starred(value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 4, arbitrary: value },
    { weight: 2, arbitrary: value.map((one) => `${one}*`) },
    { weight: 2, arbitrary: value.map((one) => `*${one}`) },
    fc.constantFrom('*', '**', ''),
    fc.tuple(value, value).map(([start, end]) => `${start}*${end}`),
  );
}

const template = fc
  .array(fc.constantFrom('a', 'b', 'A', '{*}', ''), { minLength: 1, maxLength: 4 })
  .chain((segments) =>
    fc
      .constantFrom('', '/', '/{**}', '/{*}', '/{**}/', '/{**}/a')
      .map((end) => `/${segments.join('/')}${end}`),
  );
const path = text.map((one) => `/${one}`);
const principal = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...DOMAINS), fc.constantFrom(...NAMES), fc.constantFrom(...NAMES))
      .map(([domain, namespace, account]) => `${domain}/ns/${namespace}/sa/${account}`),
  },
  fc
    .array(fc.constantFrom('ns', 'sa', 'shop', 'web', 'cluster.local', ''), { maxLength: 9 })
    .map((all) => all.join('/')),
  fc.constantFrom(
    'cluster.local/ns/shop/x/y/sa/web',
    'cluster.local/foo/ns/shop/sa/web',
    'cluster.local/ns/shop/sa/web/pod/1',
    'cluster.local',
  ),
);
const address = fc.constantFrom(
  '10.1.2.3',
  '10.1.9.9',
  '10.2.0.1',
  '192.168.0.1',
  'fd00::1',
  'fd00:1::',
  '::ffff:10.1.2.3',
  'bogus',
  '',
);
const block = fc.constantFrom(
  '10.1.2.3',
  '10.1.2.3/16',
  '10.0.0.0/8',
  '0.0.0.0/0',
  '::/0',
  'fd00::/8',
  'fd00::1',
  '10.1.0.0/17',
  '::ffff:0:0/96',
);
const host = fc.constantFrom('cart.shop', 'CART.shop', 'cart.shop:8080', 'cart', 'shop', '');
const method = fc.constantFrom('GET', 'POST', 'get', 'G', '');
const word = fc.constantFrom('admin', 'user', 'Admin', 'admin,user', 'adm', '');
const sni = fc.constantFrom('cart.shop', 'a.cart.shop', '');

const VALUES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  principals: starred(principal),
  namespaces: fc.oneof(
    fc.constantFrom('shop', 'billing', 'ns', 'sa', 'shop/sa', 'sh*', '*', ''),
    starred(word),
  ),
  serviceAccounts: fc.constantFrom('web', 'shop/web', 'billing/web', 'ns/sa', 'shop/web/pod', '', 'shop/'),
  trustDomains: fc.constantFrom('cluster.local', 'old.example', 'ns', '*', 'cluster*', '*example', ''),
  ipBlocks: block,
  remoteIpBlocks: block,
  requestPrincipals: fc.constantFrom(
    '*',
    'iss/alice',
    'iss/*',
    '*/alice',
    'is*',
    '*ice',
    'iss',
    'https://i/alice',
    '',
  ),
  hosts: starred(host),
  ports: fc.constantFrom('8080', '80', '08080'),
  methods: starred(method),
  paths: fc.oneof(starred(path), template),
};
const CONDITIONS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'request.headers[x-role]': starred(word),
  'request.headers[x-other]': starred(word),
  'request.headers[:path]': starred(path),
  'request.headers[host]': starred(host),
  'source.principal': starred(principal),
  'source.ip': block,
  'remote.ip': block,
  'destination.ip': block,
  'destination.port': fc.constantFrom('8080', '80'),
  'connection.sni': starred(sni),
  'request.auth.claims[groups]': starred(word),
  'request.auth.claims[a][b]': starred(word),
};

function values(of: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.array(of, { minLength: 1, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.array(of, { minLength: 8, maxLength: 16 }) },
  );
}

/** Some of the fields, each plain or negated, now and then both. */
function fields(names: readonly string[]): fc.Arbitrary<Record<string, string[]>> {
  const one = fc
    .constantFrom(...names)
    .chain((name) =>
      fc
        .tuple(values(VALUES[name] ?? fc.constant('')), fc.integer({ min: 0, max: 3 }))
        .map(([list, kind]): [string, string[]] => [
          kind === 0 ? `not${name.charAt(0).toUpperCase()}${name.slice(1)}` : name,
          list,
        ]),
    );
  return fc.array(one, { minLength: 0, maxLength: 3 }).map((entries) => Object.fromEntries(entries));
}

const SOURCES = [
  'principals',
  'namespaces',
  'serviceAccounts',
  'trustDomains',
  'ipBlocks',
  'remoteIpBlocks',
  'requestPrincipals',
];
const OPERATIONS = ['hosts', 'ports', 'methods', 'paths'];

const condition = fc.constantFrom(...Object.keys(CONDITIONS)).chain((key) => {
  const list = values(CONDITIONS[key] ?? fc.constant(''));
  return fc.oneof(
    { weight: 3, arbitrary: list.map((wanted) => ({ key, values: wanted })) },
    list.map((wanted) => ({ key, notValues: wanted })),
    fc.tuple(list, list).map(([wanted, unwanted]) => ({ key, values: wanted, notValues: unwanted })),
  );
});

/** Three times out of four an operation: that is what rules are told apart by. */
const rule = fc.record({
  from: fc.array(
    fields(SOURCES).map((source) => ({ source })),
    { maxLength: 2 },
  ),
  to: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.array(
        fields(OPERATIONS).map((operation) => ({ operation })),
        { minLength: 1, maxLength: 3 },
      ),
    },
    fc.constant([]),
  ),
  when: fc.array(condition, { maxLength: 2 }),
});

const policy = fc.record({
  action: fc.constantFrom('ALLOW', 'ALLOW', 'DENY'),
  rules: fc.oneof(
    { weight: 3, arbitrary: fc.array(rule, { maxLength: 6 }) },
    fc.array(rule, { minLength: 10, maxLength: 40 }),
  ),
});

/** A few policies of namespace `shop`. */
export const policyObjects: fc.Arbitrary<PolicyObject[]> = fc
  .array(policy, { minLength: 1, maxLength: 3 })
  .map((specs) =>
    specs.map((spec, index) => ({
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: `p${index}`, namespace: 'shop', annotations: {}, labels: {} },
      spec,
      at: { file: 'generated.yaml', line: 1, column: 1 },
      positions: {},
    })),
  );

const connection: fc.Arbitrary<ConnectionFacts> = fc.record({
  sourceIp: address,
  destinationIp: address,
  destinationPort: fc.constantFrom(8080, 80),
  principal: fc.option(principal, { freq: 6 }),
  otherPrincipals: fc.array(principal, { maxLength: 1 }),
  sni: fc.option(sni, { freq: 2 }),
  mtls: fc.boolean(),
});

const header = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom('x-role', 'x-other'), word) },
  fc.tuple(fc.constant('x-forwarded-for'), fc.constantFrom('10.1.2.3', '1.1.1.1, fd00::1', 'bogus', '')),
);
const http: fc.Arbitrary<HttpFacts> = fc.record({
  protocol: fc.constantFrom('http1', 'http2', 'grpc'),
  method,
  path: fc.tuple(path, fc.constantFrom('', '', '?a=b', '?')).map((both) => both.join('')),
  rawPath: fc.constant('/'),
  host,
  headers: fc.array(header, { maxLength: 4 }),
});
const claims = fc.record({
  iss: fc.constantFrom('iss', 'https://i', ''),
  sub: fc.constantFrom('alice', 'bob', ''),
  groups: fc.oneof(word, fc.array(word, { maxLength: 3 })),
  a: fc.record({ b: word }),
});

/** A request, or with `http: null` a connection. */
export const requestFacts: fc.Arbitrary<RequestFacts> = fc.record({
  connection,
  http: fc.option(http, { freq: 20 }),
  claims: fc.option(claims, { freq: 3 }),
});
