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
});
