/** CUSTOM from policy to verdict, through every module of policy/custom. */
import { describe, expect, it } from 'vitest';
import type { PolicyObject } from '../../../model/policy-object.ts';
import { extensionProviderSchema } from '../../../model/istio/extension-provider.ts';
import { answerAsTold } from '../../../cli/suite-authorizer.ts';
import { compilePolicies } from '../../../policy/compile.ts';
import { asksAboutConnection } from '../../../policy/custom/ask-about-connection.ts';
import { askAuthorizer } from '../../../policy/custom/ask-authorizer.ts';
import { decide } from '../../../policy/decide.ts';
import { decideHttp } from '../../../policy/decide-http.ts';
import { explain } from '../../../policy/explain.ts';
import { authorization, cart, config, policies, request } from '../../support/policies.ts';

const ADMIN = 'rules: [{ to: [{ operation: { paths: ["/admin*"] } }] }]';

function custom(spec = ADMIN, provider = 'authz', name = 'ext'): string {
  return authorization(
    `action: CUSTOM
provider: { name: ${provider} }
${spec}`,
    name,
  );
}

/** A project may not hold them yet, so they go around the file reader. */
const SERVICES: PolicyObject = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'ServiceEntry',
  metadata: { name: 'authorizers', namespace: 'istio-system', annotations: {}, labels: {} },
  spec: { hosts: ['authz.example', 'down.example'] },
  at: { file: 'services.yaml', line: 1, column: 1 },
  positions: {},
};

function compiledWith(settings: object | null, yaml = custom(), protocol = 'http') {
  const providers =
    settings === null
      ? []
      : [
          extensionProviderSchema.parse({ name: 'authz', ...settings }),
          extensionProviderSchema.parse({ ...settings, name: 'other' }),
        ];
  const objects = [...policies(yaml), SERVICES];
  return compilePolicies(
    objects,
    cart,
    { port: 8080, protocol },
    { ...config, extensionProviders: providers },
  );
}

function http(more: object = {}) {
  return { envoyExtAuthzHttp: { service: 'authz.example', port: 8000, timeout: '0.5s', ...more } };
}
function grpc(more: object = {}) {
  return { envoyExtAuthzGrpc: { service: 'authz.example', port: 9000, timeout: '0.5s', ...more } };
}

function asked(settings: object, headers: [string, string][], yaml = custom(), path = '/admin') {
  const facts = request({ path, headers });
  return decideHttp(compiledWith(settings, yaml), facts, { authorize: answerAsTold });
}

describe('a request that nobody can ask about', () => {
  it.each([
    [
      'an unknown provider',
      null,
      custom(ADMIN, 'missing'),
      'istio-ext-authz-missing-ns[shop]-policy[ext]-rule[0]',
    ],
    [
      'an invalid one',
      http({ headersToDownstreamOnDeny: ['*'], failOpen: true }),
      custom(),
      'istio-ext-authz-authz-ns[shop]-policy[ext]-rule[0]',
    ],
    [
      'two providers at one workload',
      http(),
      custom() + custom(ADMIN, 'other', 'more'),
      'istio-ext-authz-authz-ns[shop]-policy[ext]-rule[0]',
    ],
  ])('is denied by what the rules match: %s', (_, settings, yaml, rule) => {
    const policy = compiledWith(settings, yaml);
    const decision = decide(policy, request({ path: '/admin' }));
    expect(decision).toMatchObject({
      verdict: 'deny',
      phase: 'custom',
      status: 403,
      body: 'RBAC: access denied',
      details: `rbac_access_denied_matched_policy[${rule}-deny-due-to-bad-CUSTOM-action]`,
    });
    expect(explain(policy, request({ path: '/admin' }), decision).sentence).toContain('So it is denied');
    expect(decide(policy, request({ path: '/public' })).verdict).toBe('allow');
  });

  it('is not asked about where another policy can’t be compiled: that one denies everything', async () => {
    const broken = authorization(
      'action: DENY\nrules: [{ when: [{ key: "experimental.envoy.filters.http.rbac[c]", values: [x] }] }]',
      'broken',
    );
    const questions: string[] = [];
    const authorize = (check: { path: string }) => {
      questions.push(check.path);
      return Promise.reject(new Error('asked'));
    };
    const policy = compiledWith(http(), custom() + broken);
    const judged = await decideHttp(policy, request({ path: '/admin' }), { authorize });
    expect(judged.decision).toMatchObject({ verdict: 'deny', reason: 'policy-invalid', status: 403 });
    expect(questions).toEqual([]);
  });

  it('is denied where no authorizer is at hand, also by decide alone', async () => {
    const policy = compiledWith(http({ failOpen: true }));
    const facts = request({ path: '/admin' });
    expect(decide(policy, facts)).toMatchObject({ reason: 'authorizer-not-asked', status: 403 });
    expect((await askAuthorizer(policy, facts, undefined)).decision).toMatchObject({ verdict: 'deny' });
  });

  it('is denied at a TCP port by decide alone, and its rules’ HTTP fields are left out there', () => {
    const policy = compiledWith(grpc(), custom(), 'tcp');
    expect(decide(policy, request({ protocol: 'tcp' }))).toEqual({
      verdict: 'deny',
      phase: 'custom',
      reason: 'authorizer-not-asked',
      matched: expect.objectContaining({ name: 'ext' }),
      details: 'ext_authz_error',
    });
  });

  it('is none at a TCP port where the authorizer speaks HTTP: Istio asks nobody, and a notice says so', () => {
    const policy = compiledWith(http(), custom('rules: [{}]'), 'tcp');
    expect(decide(policy, request({ protocol: 'tcp' })).verdict).toBe('allow');
    expect(policy.invalid).toBeNull();
    expect(asksAboutConnection(policy, request({ protocol: 'tcp' }))).toMatchObject({
      decision: null,
      findings: [{ code: 'istio-allows' }],
    });
    expect(policy.notices.map(({ code }) => code)).toContain('custom-not-asked');
  });

  it('is closed to everything where providers are not read at all', () => {
    const policy = compilePolicies(policies(custom()), cart, { port: 8080, protocol: 'http' }, config);
    expect(decide(policy, request({ path: '/public' }))).toMatchObject({ reason: 'policy-invalid' });
  });
});

describe('an authorizer that fails', () => {
  it.each([
    ['down', http({ service: 'down.example' }), 'allow', false],
    ['slow', http({ includeRequestHeadersInCheck: ['x-*'] }), 'slow', true],
    ['broken', http({ includeRequestHeadersInCheck: ['x-*'] }), 'status:503', true],
    ['slow over gRPC', grpc(), 'slow', true],
  ])('denies with the status on error: %s', async (_, settings, verdict, told) => {
    const { decision, custom: outcome } = await asked(settings, [['x-ext-authz', verdict]]);
    expect(decision).toMatchObject({ status: 403, details: 'ext_authz_error', body: '' });
    expect(outcome?.check !== null).toBe(told);
  });

  it('lets through unmarked when it fails open', async () => {
    const open = http({ failOpen: true, service: 'down.example', statusOnError: '503' });
    expect((await asked(open, [])).decision).toMatchObject({ verdict: 'allow' });
    const closed = http({ service: 'down.example', statusOnError: '503' });
    expect((await asked(closed, [])).decision).toMatchObject({ status: 503 });
  });
});

describe('what an HTTP authorizer is told', () => {
  it('is the request line, credentials, what is listed and what is added', async () => {
    const settings = http({
      pathPrefix: '/check/',
      includeRequestHeadersInCheck: ['X-*'],
      includeAdditionalHeadersInCheck: { 'x-mesh': 'greenroom' },
    });
    const { custom: outcome } = await asked(settings, [
      ['authorization', 'a'],
      ['cookie', 'c'],
      ['x-user', 'bob'],
      ['x-user', 'eve'],
    ]);
    expect(outcome?.check).toMatchObject({ method: 'GET', path: '/check//admin', host: 'cart.shop' });
    expect(outcome?.check?.headers).toEqual([
      ['content-length', '0'],
      ['authorization', 'a'],
      ['x-user', 'bob,eve'],
      ['x-mesh', 'greenroom'],
    ]);
  });

  it('is what commands of an added header find, and not the header where they find nothing', async () => {
    const settings = http({
      includeAdditionalHeadersInCheck: {
        'x-who': '%REQ(x-user)%',
        'x-path': '%REQ(:path)%',
        'x-gone': '%REQ(x-no)%',
      },
    });
    const { custom: outcome } = await asked(settings, [['x-user', 'bob']]);
    const added = outcome?.check?.headers.filter(([name]) => name.startsWith('x-'));
    expect(added).toEqual([
      ['x-path', '/admin'],
      ['x-who', 'bob'],
    ]);
  });

  it('is nothing at all where no rule matches, so its headers may be forged', async () => {
    const {
      decision,
      facts,
      custom: outcome,
    } = await asked(http(), [['x-authz-user', 'forged']], custom(), '/public');
    expect(decision.verdict).toBe('allow');
    expect(outcome?.check).toBeNull();
    expect(facts.http?.headers).toContainEqual(['x-authz-user', 'forged']);
  });
});

describe('an answer', () => {
  it('of a denial hands on all headers, or only those listed and where to go', async () => {
    const told = { includeRequestHeadersInCheck: ['x-ext-authz'] };
    const all = await asked(http(told), [['x-ext-authz', 'status:302']]);
    expect(all.decision).toMatchObject({
      status: 302,
      details: 'ext_authz_denied',
      body: 'denied by authorizer',
    });
    expect(all.custom?.responseHeaders.map(([name]) => name)).toEqual([
      'x-ext-authz-result',
      'x-authz-user',
      'x-role',
      'set-cookie',
      'location',
    ]);
    const listed = await asked(http({ ...told, headersToDownstreamOnDeny: ['set-*'] }), [
      ['x-ext-authz', 'status:302'],
    ]);
    expect(listed.custom?.responseHeaders.map(([name]) => name)).toEqual(['set-cookie', 'location']);
  });

  it('that allows sets headers over the client’s, only those listed, before DENY looks', async () => {
    const settings = http({
      includeRequestHeadersInCheck: ['x-ext-authz'],
      headersToUpstreamOnAllow: ['x-authz-*'],
      headersToDownstreamOnAllow: ['set-cookie'],
    });
    const sent: [string, string][] = [
      ['x-ext-authz', 'allow'],
      ['x-authz-user', 'forged'],
      ['x-authz-user', 'again'],
      ['x-role', 'mine'],
    ];
    const { decision, facts, custom: outcome } = await asked(settings, sent);
    expect(decision.verdict).toBe('allow');
    expect(facts.http?.headers).toEqual([
      ['x-ext-authz', 'allow'],
      ['x-role', 'mine'],
      ['x-authz-user', 'alice'],
    ]);
    expect(outcome?.responseHeaders).toEqual([['set-cookie', 'session=1']]);
    const deny = authorization(
      'action: DENY\nrules: [{ when: [{ key: "request.headers[x-authz-user]", values: [alice] }] }]',
      'd',
    );
    expect((await asked(settings, sent, custom() + deny)).decision).toMatchObject({ phase: 'deny' });
  });

  it('over gRPC sets, removes, and is never a status of its own for gRPC calls', async () => {
    const sent: [string, string][] = [
      ['x-ext-authz', 'allow'],
      ['x-secret', 's'],
    ];
    const { facts } = await asked(grpc(), sent);
    expect(facts.http?.headers.map(([name]) => name)).toEqual(['x-ext-authz', 'x-authz-user', 'x-role']);
    const call = {
      ...request({ path: '/admin', protocol: 'grpc', headers: [['x-ext-authz', 'status:503']] }),
    };
    const denied = await decideHttp(compiledWith(grpc()), call, { authorize: answerAsTold });
    expect(denied.decision).toMatchObject({ status: 200, body: '', details: 'ext_authz_denied' });
  });

  it('never changes the request line or the host', async () => {
    const authorize = () =>
      ({
        kind: 'grpc-allowed',
        set: [
          [':path', '/b'],
          ['host', 'evil'],
          ['x', '1'],
        ],
        remove: ['host', ':method'],
        responseHeaders: [],
      }) as const;
    const judged = await decideHttp(compiledWith(grpc()), request({ path: '/admin' }), { authorize });
    expect(judged.facts.http).toMatchObject({ path: '/admin', host: 'cart.shop', headers: [['x', '1']] });
  });
});

describe('the explanation', () => {
  it.each([
    [
      'deny',
      'CUSTOM policy ext[0] has authz (authz.example:9000) asked, and it denied the request with 403.',
    ],
    [
      'slow',
      "CUSTOM policy ext[0] has authz (authz.example:9000) asked, which didn't answer in time, and it doesn't fail open.",
    ],
  ])('of %s names who was asked', async (verdict, sentence) => {
    const policy = compiledWith(grpc());
    const facts = request({ path: '/admin', headers: [['x-ext-authz', verdict]] });
    const judged = await decideHttp(policy, facts, { authorize: answerAsTold });
    expect(explain(policy, judged.facts, judged.decision).sentence).toBe(sentence);
  });

  it('of what nobody was asked about says that headers may be forged', () => {
    const policy = compiledWith(grpc());
    const facts = request({ path: '/public' });
    const { trail } = explain(policy, facts, decide(policy, facts));
    expect(trail.find(({ phase }) => phase === 'custom')).toMatchObject({ outcome: 'passed' });
    expect(JSON.stringify(trail)).toContain('the caller’s own');
  });
});
