import { describe, expect, it } from 'vitest';
import type { Finding } from '../../model/decision.ts';
import { decide } from '../../policy/decide.ts';
import { findingsFor } from '../../policy/findings.ts';
import { authorization, compiled, request } from '../support/policies.ts';

const DENY_ADMIN = authorization(
  'action: DENY\nrules: [{ to: [{ operation: { paths: [/admin, /admin/*] } }] }]',
  'block-admin',
);

function findings(yaml: string, wanted: Parameters<typeof request>[0]): Finding[] {
  const policy = compiled(yaml);
  const facts = request(wanted);
  return findingsFor(policy, facts, decide(policy, facts));
}

describe('findingsFor', () => {
  it('finds nothing on what was denied', () => {
    expect(findings(DENY_ADMIN, { path: '/admin', rawPath: '/admin#x' })).toEqual([]);
  });

  it.each(['/orders/', '/Orders', '/orders;a=1', '/a%2Fb', '//x', '/'])(
    'finds nothing on %s, which no DENY is about',
    (path) => {
      expect(findings(DENY_ADMIN, { path })).toEqual([]);
    },
  );

  it('finds nothing without a DENY', () => {
    expect(findings(authorization('rules: [{}]'), { path: '/Admin' })).toEqual([]);
  });

  it.each([
    ['/Admin', 'P8'],
    ['/admin;a=1', 'P8'],
    ['/admin.', 'P8'],
    ['/admin%2Fusers', 'P3'],
    ['/admin%5cusers', 'P3'],
    ['//admin', 'P2'],
    ['//ADMIN;x', 'P8'],
  ])('finds that %s dodges the DENY (%s), with a remedy', (path, attack) => {
    const [finding, ...more] = findings(DENY_ADMIN, { path });
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ code: 'istio-allows', attack });
    expect(finding?.message).toContain('block-admin[0]');
    expect(finding?.remedy).not.toBe('');
  });

  it('finds a trailing slash where the DENY is exact', () => {
    const exact = authorization(
      'action: DENY\nrules: [{ to: [{ operation: { paths: [/admin] } }] }]',
      'exact',
    );
    expect(findings(exact, { path: '/admin/' })).toMatchObject([{ attack: 'P8' }]);
  });

  it('finds a DENY in upper case that lower case passes', () => {
    const upper = authorization(
      'action: DENY\nrules: [{ to: [{ operation: { paths: [/Admin] } }] }]',
      'upper',
    );
    expect(findings(upper, { path: '/admin' })[0]?.message).toContain('written in another case');
  });

  it('finds a path cut at #, and a broken escape', () => {
    expect(findings('', { path: '/a', rawPath: '/a#x' })).toMatchObject([{ attack: 'P7' }]);
    expect(findings('', { path: '/a%zz' })).toMatchObject([{ attack: 'P6' }]);
    expect(findings('', { path: '/a%20b?c=%' })).toEqual([]);
  });

  it.each(['cart.shop:8080', 'cart.shop.', 'CART.shop.:80', 'user@cart.shop'])(
    'finds that the host %s dodges the DENY',
    (host) => {
      const yaml = authorization(
        'action: DENY\nrules: [{ to: [{ operation: { hosts: [cart.shop] } }] }]',
        'no-cart',
      );
      expect(findings(yaml, { host })).toMatchObject([{ code: 'istio-allows', attack: 'H1' }]);
    },
  );

  it('finds that two Hosts, joined, dodge the DENY on one of them', () => {
    const yaml = authorization('action: DENY\nrules: [{ to: [{ operation: { hosts: [cart.shop] } }] }]');
    expect(findings(yaml, { host: 'cart.shop,x' })).toMatchObject([{ code: 'istio-allows', attack: 'H2' }]);
    expect(findings(yaml, { host: 'x,y' })).toEqual([]);
  });

  it('finds a DENY that only the caller’s own X-Forwarded-For kept from matching', () => {
    const yaml = authorization(
      'action: DENY\nrules: [{ from: [{ source: { remoteIpBlocks: [10.1.0.0/16] } }] }]',
    );
    expect(findings(yaml, { headers: [] })).toEqual([]);
    expect(findings(yaml, { sourceIp: '10.1.2.3', headers: [['x-forwarded-for', '1.1.1.1']] })).toMatchObject(
      [{ code: 'istio-allows', attack: 'H3' }],
    );
  });

  it('finds an ALLOW that only the caller’s own X-Forwarded-For opened', () => {
    const yaml = authorization(
      'rules: [{ from: [{ source: { remoteIpBlocks: [10.7.0.0/16] } }] }]',
      'office',
    );
    expect(findings(yaml, { headers: [['x-forwarded-for', '10.7.1.1']] })).toMatchObject([{ attack: 'H3' }]);
    expect(findings(yaml, { sourceIp: '10.7.1.1', headers: [['x-forwarded-for', '10.7.1.1']] })).toEqual([]);
  });

  it('finds nothing on what is only near to a hole', () => {
    const address = authorization('rules: [{ from: [{ source: { remoteIpBlocks: [10.7.0.0/16] } }] }]');
    const role: [string, string] = ['x-role', '10.7.1.1'];
    expect(findings(address, { sourceIp: '10.7.1.1', headers: [role] })).toEqual([]);
    expect(findings('', { path: '/a?b=%zz', rawPath: '/a?b=%zz' })).toEqual([]);
    expect(findings('', { path: '/', rawPath: '/%41/%aF' })).toEqual([]);
    const method = authorization('action: DENY\nrules: [{ to: [{ operation: { methods: [DELETE] } }] }]');
    expect(findings(method, { path: '/Admin', host: 'cart.shop.' })).toEqual([]);
    expect(findings(DENY_ADMIN, { path: '/x', protocol: 'tcp' })).toEqual([]);
  });

  it.each(['/a%', '/a%4', '/%4g', '/%g4', '%41%', '/%41/%'])('finds the broken escape of %s', (path) => {
    expect(findings('', { path, rawPath: path })).toMatchObject([{ attack: 'P6' }]);
  });

  it('says what got round which rule, and what closes the hole', async () => {
    const admins = 'action: DENY\nrules: [{ to: [{ operation: { paths: [/Admin] } }] }]';
    const carts = 'action: DENY\nrules: [{ to: [{ operation: { hosts: [cart.shop] } }] }]';
    const office = '[{ from: [{ source: { remoteIpBlocks: [10.7.0.0/16] } }] }]';
    const forged: [string, string][] = [
      ['accept', '*/*'],
      ['x-forwarded-for', '10.7.1.1'],
    ];
    const elsewhere: [string, string][] = [['x-forwarded-for', '1.1.1.1']];
    const found = [
      ...findings('', { path: '/a', rawPath: '/a#x' }),
      ...findings('', { path: '/a%zz' }),
      ...findings(DENY_ADMIN, { path: '/admin;x' }),
      ...findings(authorization(admins, 'upper'), { path: '/admin' }),
      ...findings(authorization(carts, 'no-cart'), { host: 'cart.shop:80' }),
      ...findings(authorization(carts, 'no-cart'), { host: 'cart.shop,x' }),
      ...findings(authorization(`rules: ${office}`, 'office'), { headers: forged }),
      ...findings(authorization(`action: DENY\nrules: ${office}`, 'not-us'), {
        sourceIp: '10.7.1.1',
        headers: elsewhere,
      }),
    ];
    const text = found.map(({ code, attack, message, remedy }) => `${code} ${attack}\n${message}\n${remedy}`);
    await expect(`${text.join('\n\n')}\n`).toMatchFileSnapshot('../golden/explanations/findings.txt');
  });

  it('finds headers that say another path than the one that was judged', () => {
    const headers: [string, string][] = [['x-original-url', '/admin']];
    expect(
      findings(authorization('rules: [{ to: [{ operation: { paths: [/] } }] }]'), { headers }),
    ).toMatchObject([{ attack: 'P10' }]);
  });
});
