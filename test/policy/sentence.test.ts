/** The one sentence of an explanation, for every kind of clause; reviewed as text. */
import { describe, expect, it } from 'vitest';
import { decide } from '../../policy/decide.ts';
import { explain } from '../../policy/explain.ts';
import { authorization, compiled, request } from '../support/policies.ts';

type Wanted = Parameters<typeof request>[0];

function sentence(yaml: string, wanted: Wanted = {}, protocol = 'http'): string {
  const policy = compiled(yaml, protocol);
  const facts = request(wanted);
  return explain(policy, facts, decide(policy, facts)).sentence;
}
const rule = (action: string, written: object): string =>
  authorization(`action: ${action}\nrules: ${JSON.stringify([written])}`);
const from = (source: object) => ({ from: [{ source }] });
const to = (operation: object) => ({ to: [{ operation }] });
const when = (key: string, values: object) => ({ when: [{ key, ...values }] });
const header = (values: object) => when('request.headers[x-a]', values);

describe('who is not let in', () => {
  it.each<[object, string]>([
    [from({ principals: ['cluster.local/ns/shop/sa/a', 'cluster.local/ns/b/sa/c'] }), 'as sa/a or b/sa/c'],
    [from({ notPrincipals: ['cluster.local/ns/shop/sa/web'] }), 'as somebody other than sa/web'],
    [from({ serviceAccounts: ['shop/api'] }), 'as service account shop/api'],
    [from({ notServiceAccounts: ['shop/web'] }), 'as a service account other than shop/web'],
    [from({ namespaces: ['billing', 'x', 'y'] }), 'from namespace billing, x or y'],
    [from({ notNamespaces: ['shop'] }), 'from a namespace other than shop'],
    [from({ trustDomains: ['td'] }), 'from trust domain td'],
    [from({ notTrustDomains: ['cluster.local'] }), 'from a trust domain other than cluster.local'],
    [from({ ipBlocks: ['10.9.0.0/16'] }), 'from 10.9.0.0/16'],
    [from({ notIpBlocks: ['10.1.0.0/16'] }), 'from an address outside 10.1.0.0/16'],
    [from({ remoteIpBlocks: ['10.9.0.0/16'] }), 'from 10.9.0.0/16'],
    [from({ notRemoteIpBlocks: ['10.1.0.0/16'] }), 'from an address outside 10.1.0.0/16'],
    [from({ requestPrincipals: ['iss/sub'] }), 'with a token of request principal iss/sub'],
    [to({ paths: ['/a'] }), 'at path /a'],
    [to({ notPaths: ['/'] }), 'at a path other than /'],
    [to({ ports: ['81'] }), 'at port 81'],
    [to({ notPorts: ['8080'] }), 'at a port other than 8080'],
    [when('destination.ip', { values: ['10.9.9.9'] }), 'at address 10.9.9.9'],
    [when('destination.ip', { notValues: ['10.0.1.20'] }), 'at an address other than 10.0.1.20'],
    [to({ methods: ['PUT', 'POST'] }), 'with method PUT or POST'],
    [to({ notMethods: ['GET'] }), 'with another method than GET'],
    [to({ hosts: ['a'] }), 'with host a'],
    [to({ notHosts: ['cart.shop'] }), 'with another host than cart.shop'],
    [header({ values: ['*'] }), 'with a header x-a'],
    [header({ values: ['c', 'd'] }), 'with header x-a: c or d'],
    [header({ notValues: ['b'] }), 'without header x-a: b'],
    [header({ notValues: ['*'] }), 'without header x-a: *'],
    [when('request.auth.claims[a][b]', { values: ['c'] }), 'with claim a.b c'],
    [when('connection.sni', { values: ['a'] }), 'with SNI a'],
  ])('by %j, would be', (written, advice) => {
    const headers: [string, string][] = JSON.stringify(written).includes('notValues') ? [['x-a', 'b']] : [];
    expect(sentence(rule('ALLOW', written), { headers })).toBe(
      `No ALLOW policy lets sa/web in. It would pass ${advice}, by p.`,
    );
  });

  it('without a certificate, would be with any', () => {
    expect(sentence(rule('ALLOW', from({ principals: ['*'] })), { principal: null })).toBe(
      'No ALLOW policy lets a caller without a certificate in. It would pass with any client certificate of the mesh, by p.',
    );
    expect(sentence(rule('ALLOW', when('connection.sni', { notValues: ['a'] })), { sni: 'a' })).toBe(
      'No ALLOW policy lets sa/web in. It would pass with another SNI than a, by p.',
    );
  });

  it('is told what matches already', () => {
    const written = {
      ...from({ principals: ['cluster.local/ns/shop/sa/web'] }),
      ...to({ methods: ['PUT'], paths: ['/'], hosts: ['a'] }),
    };
    expect(sentence(rule('ALLOW', written))).toBe(
      'No ALLOW policy lets sa/web in. It would pass with host a and with method PUT; principal and path already match p.',
    );
    expect(sentence(rule('ALLOW', to({ methods: ['GET', 'PUT'], paths: ['/a'] })))).toBe(
      'No ALLOW policy lets sa/web in. It would pass at path /a; method already matches p.',
    );
  });

  it('is told of policies without rules, and of a rule that can’t match', () => {
    const nobody = (...names: string[]) => sentence(names.map((name) => authorization('{}', name)).join(''));
    expect(nobody('a')).toBe('No ALLOW policy lets sa/web in. a has no rules, so nobody gets in.');
    expect(nobody('a', 'b', 'c')).toBe(
      'No ALLOW policy lets sa/web in. a, b and c have no rules, so nobody gets in.',
    );
    expect(sentence(rule('ALLOW', to({ methods: ['GET'] })), { protocol: 'tcp' }, 'tcp')).toBe(
      "No ALLOW policy lets sa/web in. p[0] can't: to.operation.methods exists on HTTP only: at a TCP port Istio drops the whole rule.",
    );
  });
});

describe('who is let in', () => {
  it.each<[object, Wanted, string]>([
    [{}, {}, 'p[0] lets everybody in, sa/web too.'],
    [{}, { principal: null }, 'p[0] lets everybody in, a caller without a certificate too.'],
    [from({ principals: ['*'] }), {}, 'p[0] lets sa/web in.'],
    [
      { ...from({ principals: ['*'] }), ...to({ methods: ['GET'], paths: ['/'] }) },
      {},
      'p[0] lets sa/web in with method GET and path /.',
    ],
    [to({ methods: ['GET'] }), {}, 'p[0] lets anybody in with method GET.'],
    [header({ values: ['*'] }), { headers: [['x-a', 'b']] }, 'p[0] lets anybody in with header x-a b.'],
    [
      when('request.auth.principal', { notValues: ['iss/sub'] }),
      {},
      'p[0] lets anybody in with no request principal.',
    ],
  ])('by %j', (written, wanted, told) => {
    expect(sentence(rule('ALLOW', written), wanted)).toBe(told);
  });

  it('where nothing stops anybody', () => {
    expect(sentence(rule('DENY', to({ paths: ['/a'] })))).toBe(
      'No DENY policy stops sa/web, and no ALLOW policy applies: everything else is let in by default.',
    );
    expect(sentence(authorization('selector: { matchLabels: { app: other } }'))).toBe(
      'No AuthorizationPolicy applies to sa/cart at port 8080: everybody is let in, sa/web too.',
    );
  });
});

describe('who is stopped', () => {
  it.each<[object, Wanted, string]>([
    [{}, {}, 'p[0] stops everything.'],
    [to({ paths: ['/', '/a'] }), {}, 'p[0] stops it: path /.'],
    [
      to({ paths: ['/*'], methods: ['G*'] }),
      { path: '/x' },
      'p[0] stops it: method GET matches G* and path /x matches /*.',
    ],
    [from({ namespaces: ['shop'] }), {}, 'p[0] stops it: caller sa/web matches shop.'],
    [
      from({ notPrincipals: ['cluster.local/ns/shop/sa/admin'] }),
      {},
      'p[0] stops it: caller sa/web is not sa/admin.',
    ],
    [from({ notNamespaces: ['a', 'b'] }), {}, 'p[0] stops it: caller sa/web is none of a or b.'],
    [
      from({ notPrincipals: ['*'] }),
      { principal: null },
      'p[0] stops it: a caller without a certificate is not *.',
    ],
    [header({ notValues: ['b'] }), {}, 'p[0] stops it: no header x-a is not b.'],
  ])('by %j', (written, wanted, told) => {
    expect(sentence(rule('DENY', written), wanted)).toBe(`DENY policy ${told}`);
  });

  it('over TCP is told which fields Istio drops, and what is left', () => {
    const note = 'Note: to.operation.methods exists on HTTP only: at a TCP port Istio drops the field.';
    const tcp = (written: object) => sentence(rule('DENY', written), { protocol: 'tcp' }, 'tcp');
    expect(tcp(to({ methods: ['GET'] }))).toBe(
      `DENY policy p[0] stops it. ${note} What is left of the rule matches every connection.`,
    );
    expect(tcp({ ...from({ principals: ['*'] }), ...to({ methods: ['GET'] }) })).toBe(
      `DENY policy p[0] stops it: caller sa/web matches *. ${note}`,
    );
  });
});

describe('a principal under an alias', () => {
  it('is told by the trust domain that stands for the other', () => {
    const aliased = (principals: string[], principal = 'old.example/ns/shop/sa/web') => {
      const policy = compiled(rule('ALLOW', from({ principals })), 'http', {
        trustDomainAliases: ['old.example'],
      });
      const facts = request({ principal });
      return explain(policy, facts, decide(policy, facts)).sentence;
    };
    expect(aliased(['cluster.local/ns/shop/sa/web'])).toMatch(
      /lets .* in\. Its trust domain, old\.example, stands for the one that is written\.$/,
    );
    for (const [written, principal] of [
      ['cluster.local/ns/shop/*', 'old.example/ns/shop/sa/web'],
      ['old.example/ns/shop/sa/web', 'old.example/ns/shop/sa/web'],
    ] as const)
      expect(aliased([written], principal)).not.toContain('stands for');
    expect(aliased(['cluster.local/ns/shop/sa/web'], 'cluster.local/ns/shop/sa/web')).toBe(
      'p[0] lets sa/web in.',
    );
  });
});
