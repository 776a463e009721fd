/** Explanations are read by people: each is a file under test/golden/explanations, reviewed as text. */
import { describe, expect, it } from 'vitest';
import type { AppProtocol, Mesh, Workload } from '../../model/mesh.ts';
import { explain } from '../../policy/explain.ts';
import { explainRequest, type RequestQuestion } from '../../policy/explain-request.ts';
import { decide } from '../../policy/decide.ts';
import { explanationLines } from '../support/explanation-text.ts';
import { authorization, compiled, policies, request } from '../support/policies.ts';
import { MESH_CONFIG } from '../support/sample-mesh.ts';

function workload(name: string, protocol: AppProtocol = 'http'): Workload {
  return {
    name,
    id: name,
    namespace: 'shop',
    serviceAccount: name,
    spiffeId: `spiffe://cluster.local/ns/shop/sa/${name}`,
    labels: { app: name },
    ports: [{ name: protocol, port: 80, targetPort: 8080, protocol }],
    clusterIp: '10.96.0.10',
    instances: [{ id: `${name}-0`, workload: name, podIp: '10.244.0.10' }],
    run: { command: null, image: null, build: null, attach: null, environment: {}, cwd: '/', witness: null },
    at: { file: 'greenroom.yaml', line: 1, column: 1 },
  };
}

function selected(name: string, app: string, spec: string): string {
  return authorization(`selector: { matchLabels: { app: ${app} } }\n${spec}`, name);
}

const SHOP = [
  '---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: default, namespace: istio-system }\nspec: { mtls: { mode: STRICT } }\n',
  authorization('{}', 'default-deny'),
  selected(
    'payments-from-orders',
    'payments',
    `rules:
  - from: [{ source: { principals: [cluster.local/ns/shop/sa/orders] } }]
    to: [{ operation: { methods: [POST], paths: [/charge] } }]`,
  ),
  selected(
    'orders-from-web',
    'orders',
    `rules:
  - from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }]
    to: [{ operation: { methods: [GET, POST] } }]`,
  ),
  selected(
    'block-admin',
    'orders',
    'action: DENY\nrules: [{ to: [{ operation: { paths: [/admin, "/admin/*"] } }] }]',
  ),
  selected(
    'reviews-for-testers',
    'reviews',
    `rules:
  - from: [{ source: { namespaces: [shop] } }]
    when: [{ key: "request.headers[x-role]", values: [tester] }]`,
  ),
  selected('ledger-by-path', 'ledger', 'rules: [{ to: [{ operation: { paths: [/x] } }] }]'),
].join('');

const mesh: Mesh = {
  name: 'shop',
  namespace: 'shop',
  root: '/',
  config: MESH_CONFIG,
  workloads: [
    ...['web', 'orders', 'payments', 'inventory', 'reviews', 'quiet'].map((name) => workload(name)),
    workload('ledger', 'tcp'),
  ],
  policies: policies(SHOP),
  scenarioFiles: [],
  policyFiles: [],
};

const QUESTIONS: Record<string, Partial<RequestQuestion> & { from: string; to: string }> = {
  'wrong-caller': { from: 'inventory', to: 'payments', method: 'POST', path: '/charge' },
  'wrong-method': { from: 'orders', to: 'payments', path: '/charge' },
  'wrong-everything': { from: 'inventory', to: 'payments', path: '/refund' },
  allowed: { from: 'orders', to: 'payments', method: 'POST', path: '/charge' },
  'denied-by-path': { from: 'web', to: 'orders', path: '/admin/users?all' },
  'deny-dodged-by-case': { from: 'web', to: 'orders', path: '/ADMIN' },
  'missing-header': { from: 'web', to: 'reviews', path: '/reviews' },
  'nobody-may': { from: 'web', to: 'quiet' },
  'plaintext-on-strict': { from: 'web', to: 'orders', connection: 'plaintext' },
  'not-normalizable': { from: 'web', to: 'orders', path: '/admin%00' },
  'http-field-on-tcp': { from: 'web', to: 'ledger' },
};

describe('an explanation', () => {
  it.each(Object.entries(QUESTIONS))('reads well: %s', async (name, question) => {
    const answer = await explainRequest(mesh, {
      method: 'GET',
      path: '/',
      headers: [],
      connection: 'mtls',
      ...question,
    });
    if (answer === null) throw new Error('no such workload or port');
    const text = [
      `${question.from} → ${question.to} ${question.method ?? 'GET'} ${question.path ?? '/'}: ${answer.decision.verdict} (${answer.decision.reason})`,
      ...explanationLines(answer.explanation),
      ...answer.findings.map((finding) => `finding ${finding.attack}: ${finding.message} ${finding.remedy}`),
    ].join('\n');
    await expect(`${text}\n`).toMatchFileSnapshot(`../golden/explanations/${name}.txt`);
  });

  it('has no answer about a workload or port that is not there', async () => {
    const question: RequestQuestion = {
      from: 'web',
      to: 'orders',
      method: 'GET',
      path: '/',
      headers: [],
      connection: 'mtls',
    };
    expect(await explainRequest(mesh, { ...question, to: 'nobody' })).toBeNull();
    expect(await explainRequest(mesh, { ...question, port: 81 })).toBeNull();
  });

  it('says what can not be judged, and where', () => {
    const policy = compiled(
      authorization('rules: [{ when: [{ key: "experimental.envoy.filters.http.rbac[c]", values: [x] }] }]'),
    );
    const { sentence } = explain(policy, request(), decide(policy, request()));
    expect(sentence).toBe(
      "Everything is denied here, because a policy can't be judged: when[experimental.envoy.filters.http.rbac[c]] isn't judged yet (policies.yaml:6).",
    );
  });

  it('names the rule that came nearest by the fewest failed clauses, not the first', () => {
    const yaml =
      authorization(
        'rules: [{ from: [{ source: { principals: [x/ns/a/sa/b] } }], to: [{ operation: { methods: [PUT], paths: [/z] } }] }]',
        'far',
      ) +
      authorization(
        'rules: [{ from: [{ source: { namespaces: [shop] } }], to: [{ operation: { methods: [PUT] } }] }]',
        'near',
      );
    const policy = compiled(yaml);
    const { nearest, sentence } = explain(policy, request(), decide(policy, request()));
    expect(nearest?.ref.name).toBe('near');
    expect(sentence).toBe(
      'No ALLOW policy lets sa/web in. It would pass with method PUT; namespace already matches near.',
    );
  });

  it('speaks of callers without a certificate', () => {
    const policy = compiled(authorization('rules: [{ from: [{ source: { principals: ["*"] } }] }]', 'any'));
    const facts = request({ principal: null });
    expect(explain(policy, facts, decide(policy, facts)).sentence).toBe(
      'No ALLOW policy lets a caller without a certificate in. It would pass with any client certificate of the mesh, by any.',
    );
  });

  it('tells a dry run and an AUDIT apart from what decides', () => {
    const dry = authorization('action: DENY\nrules: [{}]', 'tried').replace(
      'namespace: shop }',
      'namespace: shop, annotations: { istio.io/dry-run: "true" } }',
    );
    const policy = compiled(dry + authorization('action: AUDIT\nrules: [{}]', 'watch'));
    const notes = explain(policy, request(), decide(policy, request())).trail.filter(
      ({ phase }) => phase === 'audit',
    );
    expect(notes.map(({ note }) => note)).toEqual([
      'watch[0] matches (audited, not decided)',
      'tried[0] matches (dry run, not enforced)',
    ]);
  });

  it('of everything denied tells the first reason, and how many more there are', () => {
    const keys = ['a', 'b', 'c'].map(
      (name) => `{ when: [{ key: "experimental.envoy.filters.http.rbac[${name}]", values: [x] }] }`,
    );
    const policy = compiled(authorization(`rules: [${keys.join(', ')}]`));
    const { sentence, trail, nearest } = explain(policy, request(), decide(policy, request()));
    expect(sentence).toMatch(/\(policies\.yaml:6\) \(and 2 more\)\.$/);
    expect(trail.map(({ phase, outcome, note }) => `${phase} ${outcome}: ${note}`)).toEqual([
      'mtls passed: sa/web',
      "deny denied: when[experimental.envoy.filters.http.rbac[a]] isn't judged yet",
    ]);
    expect(nearest).toBeNull();
  });

  it('tells who called by what the connection shows', () => {
    const policy = compiled(authorization('rules: [{}]'));
    const note = (over: object) => {
      const facts = request({ principal: null });
      const seen = { ...facts, connection: { ...facts.connection, ...over } };
      return explain(policy, seen, decide(policy, seen)).trail[0]?.note;
    };
    expect(note({ mtls: true })).toBe('TLS, no certificate');
    expect(note({ mtls: false })).toBe('plaintext, no identity');
    expect(note({ mtls: true, principal: 'cluster.local/ns/shop/sa/web' })).toBe('sa/web');
  });

  it('tells of an AUDIT all that matches, or why its first rule does not', () => {
    const watch = (name: string, spec: string) => authorization(`action: AUDIT\nrules: ${spec}`, name);
    const noteOf = (yaml: string) => {
      const policy = compiled(yaml);
      const { trail } = explain(policy, request(), decide(policy, request()));
      return trail.find(({ phase }) => phase === 'audit');
    };
    expect(
      noteOf(
        watch('a', '[{}]') + watch('b', '[{}]') + watch('c', '[{ to: [{ operation: { ports: ["1"] } }] }]'),
      ),
    ).toMatchObject({
      outcome: 'skipped',
      note: 'a[0] and b[0] match (audited, not decided)',
      rules: [{ matched: true }, { matched: true }, { matched: false }],
    });
    expect(noteOf(watch('a', '[{ to: [{ operation: { methods: [PUT], notPaths: [/] } }] }]'))?.note).toBe(
      'a[0]: method GET is not PUT and path / is excluded by / (audited, not decided)',
    );
    expect(noteOf(authorization('action: AUDIT', 'a'))?.note).toBe('no rules (audited, not decided)');
  });

  it('tells of each DENY why it does not bite, of a rule that Istio drops too', () => {
    const policy = compiled(
      authorization(
        'action: DENY\nrules: [{ to: [{ operation: { ports: ["1"] } }] }, { to: [{ operation: { ports: ["2"] } }] }]',
        'd',
      ),
    );
    const { trail } = explain(policy, request(), decide(policy, request()));
    expect(trail.map(({ phase, outcome, note }) => `${phase} ${outcome}: ${note}`)).toEqual([
      'mtls passed: sa/web',
      'jwt skipped: no RequestAuthentication applies',
      'deny passed: d[0]: port 8080 is not 1; d[1]: port 8080 is not 2',
      'allow skipped: no ALLOW policy applies: allowed by default',
    ]);
    const tcp = compiled(
      authorization('rules: [{ to: [{ operation: { paths: [/x] } }] }]', 'http-only'),
      'tcp',
    );
    const facts = request({ protocol: 'tcp' });
    expect(explain(tcp, facts, decide(tcp, facts)).sentence).toContain('http-only[0] can');
  });

  it('prefers, of two rules that miss by as much, the one that matches more', () => {
    const policy = compiled(
      authorization('rules: [{ to: [{ operation: { methods: [PUT] } }] }]', 'short') +
        authorization('rules: [{ to: [{ operation: { methods: [PUT], paths: [/] } }] }]', 'long'),
    );
    expect(explain(policy, request(), decide(policy, request())).nearest?.ref.name).toBe('long');
  });
});
