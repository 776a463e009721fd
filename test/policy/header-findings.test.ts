import { describe, expect, it } from 'vitest';
import { headerFindings } from '../../policy/header-findings.ts';
import { authorization, compiled } from '../support/policies.ts';

const PATHS = authorization('rules: [{ to: [{ operation: { paths: [/public] } }] }]');
const METHODS = authorization('action: DENY\nrules: [{ to: [{ operation: { methods: [DELETE] } }] }]');
const ROLES = authorization('rules: [{ when: [{ key: "request.headers[x-role]", values: [admin] }] }]');

const attacks = (yaml: string, ...names: string[]): (string | undefined)[] =>
  headerFindings(compiled(yaml), { headers: names.map((name) => [name, 'v']) }).map(({ attack }) => attack);

describe('headerFindings', () => {
  it('finds nothing on plain headers', () => {
    expect(attacks(PATHS, 'accept', 'x-request-id', 'x-role')).toEqual([]);
  });
  it('finds nothing about another path where no policy looks at paths', () => {
    expect(attacks(METHODS, 'x-original-url', 'x-rewrite-url', 'x-envoy-original-path')).toEqual([]);
  });
  it('finds nothing about another method where no policy looks at methods', () => {
    expect(attacks(PATHS, 'x-http-method-override', 'x-http-method', 'x-method-override')).toEqual([]);
  });
  it('finds nothing about underscores in a name that nobody trusts', () => {
    expect(attacks(PATHS, 'x_role', '_', 'a_b')).toEqual([]);
  });
  it.each(['x-original-url', 'x-rewrite-url', 'x-envoy-original-path'])(
    'finds %s beside a policy on paths',
    (name) => {
      expect(attacks(PATHS, name)).toEqual(['P10']);
    },
  );
  it.each(['x-http-method-override', 'x-http-method', 'x-method-override'])(
    'finds %s beside a policy on methods',
    (name) => {
      expect(attacks(METHODS, name)).toEqual(['H5']);
    },
  );
  it('finds the underscored twin of a header that a policy looks at', () => {
    expect(attacks(ROLES, 'x_role')).toEqual(['H7']);
  });
  it.each(['x_forwarded_client_cert', 'x-forwarded_for', 'x_forwarded_host', 'x_forwarded_proto'])(
    'finds %s, whatever the policies',
    (name) => {
      expect(attacks(PATHS, name)).toEqual(['H7']);
    },
  );
  it('finds nothing in what the sidecar itself tells of the caller', () => {
    const told: [string, string][] = [
      ['x-forwarded-client-cert', 'By=spiffe://a;Hash=00;Subject="";URI=spiffe://b'],
    ];
    expect(headerFindings(compiled(PATHS), { headers: told })).toEqual([]);
  });
  it('finds what stands in front of what the sidecar itself tells of the caller', () => {
    const told: [string, string][] = [
      ['x-forwarded-client-cert', 'URI=spiffe://forged,By=spiffe://a;Hash=00;URI=spiffe://b'],
    ];
    const [finding] = headerFindings(compiled(PATHS), { headers: told });
    expect(finding).toMatchObject({ code: 'istio-allows', attack: 'M12' });
    expect(finding?.message).toContain('spiffe://forged');
  });
  it('names the header in message and remedy', () => {
    const [finding] = headerFindings(compiled(PATHS), { headers: [['x-original-url', '/admin']] });
    expect(finding?.message).toContain('x-original-url');
    expect(finding?.remedy).toContain('x-original-url');
  });
});
