/** The access matrix: what each caller may do. */
import { describe, expect, it } from 'vitest';
import { access, type Caller, type Operation } from '../../policy/access.ts';
import type { PolicyVersion } from '../../policy/policy-version.ts';
import { authorization, cart, config, policies } from '../support/policies.ts';

const STRICT =
  '---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: default, namespace: shop }\nspec: { mtls: { mode: STRICT } }\n';
const POLICIES =
  STRICT +
  authorization(
    'action: ALLOW\nrules:\n  - from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }]\n    to: [{ operation: { methods: [GET] } }]',
    'web-reads',
  ) +
  authorization('action: DENY\nrules: [{ to: [{ operation: { paths: [/admin] } }] }]', 'no-admin');

const version: PolicyVersion = {
  objects: policies(POLICIES),
  config: { ...config, pathNormalization: 'BASE' },
};
const callers: Caller[] = [
  { name: 'web', principal: 'cluster.local/ns/shop/sa/web' },
  { name: 'orders', principal: 'cluster.local/ns/shop/sa/orders' },
  { name: 'plaintext', principal: null },
];
const port = { port: 8080, protocol: 'http' };
const operations: Operation[] = [
  { name: 'read', target: cart, port, method: 'GET', path: '/items' },
  { name: 'write', target: cart, port, method: 'POST', path: '/items' },
  { name: 'admin', target: cart, port, method: 'GET', path: '/x/../admin' },
  { name: 'tcp', target: cart, port: { port: 5432, protocol: 'tcp' } },
];

describe('access', () => {
  it('judges every caller on every operation, in their order', () => {
    const matrix = access(version, callers, operations);
    expect(matrix.callers).toEqual(['web', 'orders', 'plaintext']);
    expect(matrix.operations).toEqual(['read', 'write', 'admin', 'tcp']);
    expect(matrix.decisions.map((row) => row.map(({ verdict }) => verdict).join(' '))).toEqual([
      'allow deny deny deny',
      'deny deny deny deny',
      'deny deny deny deny',
    ]);
  });

  it('says by which rule, and in which phase', () => {
    const { decisions } = access(version, callers, operations);
    expect(decisions[0]?.[0]).toMatchObject({ matched: { name: 'web-reads' } });
    expect(decisions[0]?.[2]).toMatchObject({ phase: 'deny', matched: { name: 'no-admin' } });
    expect(decisions[2]?.[0]).toMatchObject({ phase: 'mtls', reason: 'plaintext-on-strict' });
  });

  it('of nobody, or of nothing, is empty', () => {
    expect(access(version, [], operations).decisions).toEqual([]);
    expect(access(version, callers, []).decisions).toEqual([[], [], []]);
  });

  it('judges a caller by its address, its token and its headers, and a host that nobody names by the service', () => {
    const rules = [
      '{ from: [{ source: { ipBlocks: [10.9.0.0/16] } }] }',
      '{ from: [{ source: { requestPrincipals: ["https://a/alice"] } }] }',
      '{ when: [{ key: "request.headers[x-role]", values: [admin] }], to: [{ operation: { hosts: [cart.shop] } }] }',
      '{ to: [{ operation: { hosts: [open.shop] } }] }',
      '{ when: [{ key: source.ip, values: [10.244.255.1] }], to: [{ operation: { paths: [/pods] } }] }',
    ];
    const version = {
      objects: policies(authorization(`rules:\n${rules.map((rule) => `  - ${rule}`).join('\n')}`)),
      config: { ...config, pathNormalization: 'BASE' as const },
    };
    const known: Caller[] = [
      { name: 'nobody', principal: null },
      { name: 'office', principal: null, ip: '10.9.1.1' },
      { name: 'alice', principal: null, claims: { iss: 'https://a', sub: 'alice' } },
      { name: 'admin', principal: null, headers: [['x-role', 'admin']] },
    ];
    const asked: Operation[] = [
      { name: 'read', target: cart, port, method: 'GET' },
      { name: 'other host', target: cart, port, method: 'GET', host: 'elsewhere' },
      { name: 'open host', target: cart, port, method: 'GET', host: 'open.shop' },
      { name: 'as a pod', target: cart, port, method: 'GET', host: 'x', path: '/pods' },
    ];
    const matrix = access(version, known, asked);
    expect(matrix.decisions.map((row) => row.map(({ verdict }) => verdict).join(' '))).toEqual([
      'deny deny allow allow',
      'allow allow allow allow',
      'allow allow allow allow',
      'allow deny allow allow',
    ]);
  });
});
