/** Who refuses an object: the API server, Istio's webhook, or both; and each fault told once. */
import { describe, expect, it } from 'vitest';
import { admit, type Admission } from '../../../model/istio/admission.ts';
import { kindSupport } from '../../../model/policy-kinds.ts';
import { formatProblem, type Problem } from '../../../model/problem.ts';
import { readYaml } from '../../../model/yaml-source.ts';

function admission(kind: string, body: string, group = 'security.istio.io'): Admission {
  const text = `apiVersion: ${group}/v1\nkind: ${kind}\n${body}`;
  const [document] = readYaml(text, 'p.yaml', 'kubernetes').documents;
  if (!document) throw new Error('not YAML');
  const support = kindSupport(group, kind);
  return admit(document, { group, kind, webhook: 'schema' in support ? support.schema : null });
}
const authorization = (spec: string, metadata = '{ name: p }'): Admission =>
  admission('AuthorizationPolicy', `metadata: ${metadata}\nspec: ${spec}\n`);
const codes = (problems: readonly Problem[]): string[] => problems.map(({ code }) => code);

describe('only the API server refuses', () => {
  it.each([
    ['a field that nobody knows', '{ rules: [{}], unknown: true }', 'unknown-key'],
    ['a rule that is null', '{ rules: [null] }', 'wrong-type'],
    ['a long label', `{ selector: { matchLabels: { app: ${'a'.repeat(64)} } } }`, 'invalid-value'],
    ['empty lists of what excludes each other', '{ selector: {}, targetRefs: [] }', 'invalid-value'],
    [
      'empty lists beside service accounts',
      '{ rules: [{ from: [{ source: { serviceAccounts: [a], principals: [] } }] }] }',
      'invalid-value',
    ],
  ])('%s', (_, spec, code) => {
    const { webhook, apiServer, problems } = authorization(spec);
    expect({ webhook, apiServer: codes(apiServer), problems: codes(problems) }).toEqual({
      webhook: [],
      apiServer: [code],
      problems: [code],
    });
  });

  it('a name that is none', () => {
    const { webhook, apiServer } = authorization('{}', '{ name: -a }');
    expect({ webhook, apiServer: codes(apiServer) }).toEqual({ webhook: [], apiServer: ['invalid-value'] });
  });

  it('two sources of keys', () => {
    const { webhook, apiServer } = admission(
      'RequestAuthentication',
      `metadata: { name: r }\nspec: { jwtRules: [{ issuer: a, jwks: '{"keys":[]}', jwksUri: "https://a" }] }\n`,
    );
    expect({ webhook, apiServer: codes(apiServer) }).toEqual({ webhook: [], apiServer: ['invalid-value'] });
  });
});

describe("only Istio's webhook refuses", () => {
  it.each([
    ['DENY with an empty list of rules', '{ action: DENY, rules: [] }', 'rules-missing'],
    ['two wildcards in a trust domain', source('{ trustDomains: ["*a*"] }'), 'invalid-value'],
    ['a wildcard alone, twice', source('{ notTrustDomains: ["**"] }'), 'invalid-value'],
    ['an account of three parts', source('{ serviceAccounts: [a/b/c] }'), 'invalid-value'],
    ['an account without a name', source('{ notServiceAccounts: [ns/] }'), 'invalid-value'],
    ['an account without its namespace', source('{ serviceAccounts: [/sa] }'), 'invalid-value'],
    ['a header without a name', condition('request.headers[]', 'x'), 'unknown-condition'],
    ['a key that is experimental, but not Envoy’s', condition('experimental.x[y]', 'x'), 'unknown-condition'],
    ['a trust domain with two wildcards', condition('source.trustDomain', '*a*'), 'invalid-value'],
    [
      'an account of three parts in a condition',
      condition('source.serviceAccount', 'a/b/c'),
      'invalid-value',
    ],
    ['a zone on IPv4', source('{ ipBlocks: ["10.0.0.1%eth0"] }'), 'invalid-ip'],
    ['a zone in a block', source('{ ipBlocks: ["fe80::%eth0/64"] }'), 'invalid-ip'],
  ])('%s', (_, spec, code) => {
    const { webhook, apiServer } = authorization(spec);
    expect({ webhook: codes(webhook), apiServer }).toEqual({ webhook: [code], apiServer: [] });
  });

  it.each([
    ['1.5ms', 'whole milliseconds'],
    ['1s1ns', 'whole milliseconds'],
  ])('a timeout of %s', (timeout, words) => {
    const { webhook, apiServer } = admission(
      'RequestAuthentication',
      `metadata: { name: r }\nspec: { jwtRules: [{ issuer: a, timeout: ${timeout} }] }\n`,
    );
    expect(apiServer).toEqual([]);
    expect(webhook.map(({ message }) => message)).toEqual([expect.stringContaining(words)]);
  });

  it.each([
    ['AuthorizationPolicy', '{ action: AUDIT }', '"true"', 'a dry run is for ALLOW and DENY, not for AUDIT'],
    ['AuthorizationPolicy', '{}', '"maybe"', 'istio.io/dry-run is neither true nor false: "maybe"'],
    ['PeerAuthentication', '{}', '"true"', 'PeerAuthentication has no dry run'],
  ])('a dry run of %s %s, %s', (kind, spec, value, message) => {
    const { webhook, problems } = admission(
      kind,
      `metadata: { name: p, annotations: { istio.io/dry-run: ${value} } }\nspec: ${spec}\n`,
    );
    expect(webhook).toMatchObject([{ code: 'invalid-annotation', message, at: { line: 3, column: 37 } }]);
    expect(problems).toEqual(webhook);
  });

  it("an annotation that is Istio's own", () => {
    const { webhook } = authorization('{}', '{ name: p, annotations: { internal.istio.io/parents: x } }');
    expect(codes(webhook)).toEqual(['invalid-annotation']);
  });
});

describe('both take', () => {
  it.each([
    ['an IPv6 zone', source('{ ipBlocks: ["fe80::1%eth0"] }')],
    ['a port with a leading zero', '{ rules: [{ to: [{ operation: { ports: ["08", "0"] } }] }] }'],
    ['any condition on a header', condition('request.headers[a][b]', 'x')],
    ['a slash in a condition on the trust domain', condition('source.trustDomain', 'a/b')],
    ['16 accounts', source(`{ serviceAccounts: [${'a,'.repeat(16)}] }`)],
    ['nothing at all', '{}'],
  ])('%s', (_, spec) => {
    expect(authorization(spec).problems).toEqual([]);
  });

  it.each(['"1"', '"False"', '"t"'])('a dry run of %s', (value) => {
    expect(authorization('{}', `{ name: p, annotations: { istio.io/dry-run: ${value} } }`).problems).toEqual(
      [],
    );
  });
});

describe('a fault', () => {
  it("that both name is told once, in the webhook's words", () => {
    const { webhook, apiServer, problems } = authorization(
      source('{ serviceAccounts: [a], namespaces: [b] }'),
    );
    expect([webhook.length, apiServer.length]).toEqual([1, 1]);
    expect(problems.map(formatProblem)).toEqual([
      "p.yaml:4:38: error invalid-value: serviceAccounts can't stand beside principals or namespaces in one source (spec.rules[0].from[0].source.serviceAccounts)\n  hint: write two entries under `from`: they are alternatives",
    ]);
  });

  it('is the misspelt field, not what is missing without it', () => {
    const { webhook, problems } = authorization(source('{ principal: [a] }'));
    expect(codes(webhook)).toEqual(['empty-source']);
    expect(codes(problems)).toEqual(['unknown-key']);
  });

  it('is a missing spec where the kind has one', () => {
    const { problems } = admission('ServiceEntry', 'metadata: { name: s }\n', 'networking.istio.io');
    expect(problems[0]).toMatchObject({ code: 'missing-field', message: 'a ServiceEntry needs a spec' });
  });
});

function source(fields: string): string {
  return `{ rules: [{ from: [{ source: ${fields} }] }] }`;
}

function condition(key: string, value: string): string {
  return `{ rules: [{ when: [{ key: "${key}", values: ["${value}"] }] }] }`;
}

describe('a private key in a policy', () => {
  it('is worth a warning, though both take it', () => {
    const jwks = '{"keys":[{"kty":"oct","k":"AAAA"}]}';
    const { webhook, apiServer, problems } = admission(
      'RequestAuthentication',
      `metadata: { name: r }\nspec: { jwtRules: [{ issuer: a, jwks: '${jwks}' }] }\n`,
    );
    expect([webhook, apiServer]).toEqual([[], []]);
    expect(problems).toMatchObject([
      { code: 'private-key', severity: 'warning', at: { file: 'p.yaml', line: 4, column: 33 } },
    ]);
    expect(JSON.stringify(problems)).not.toContain('AAAA');
  });
});
