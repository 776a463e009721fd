/**
 * What a developer reads at two in the morning: one file a story under test/golden/explanations, reviewed as text.
 * Each is a case of a DecisionSuite, judged and explained as `greenroom decide` does.
 */
import { describe, expect, it } from 'vitest';
import { answerAsTold } from '../../cli/suite-authorizer.ts';
import type { DecisionCase } from '../../model/decision-suite.ts';
import { extensionProviderSchema } from '../../model/istio/extension-provider.ts';
import type { PolicyObject } from '../../model/policy-object.ts';
import { judgeCase, type SuiteWorld } from '../../policy/judge.ts';
import { explanationLines } from '../support/explanation-text.ts';
import { authorization, policies } from '../support/policies.ts';
import { keySetText, NOW, requestAuthentication, signer, verification } from '../support/tokens.ts';

const shopIssuer = signer();
const iss = 'https://login.shop.example';
const WEB = { principal: 'cluster.local/ns/shop/sa/web', ip: '10.1.2.3' };
const GATEWAY = {
  namespace: 'istio-system',
  serviceAccount: 'ingressgateway',
  labels: { istio: 'ingressgateway' },
  port: 80,
  kind: 'gateway',
};

interface Story {
  policies: string;
  objects?: PolicyObject[];
  from?: DecisionCase['from'];
  to?: Partial<DecisionCase['to']>;
  request?: Partial<DecisionCase['request']>;
  config?: Partial<SuiteWorld['config']>;
}

function bearer(claims: object, by = shopIssuer): Partial<DecisionCase['request']> {
  return { headers: { authorization: `Bearer ${by.token({ iss, sub: 'alice', ...claims })}` } };
}
const JWT = [
  requestAuthentication([
    {
      issuer: iss,
      jwks: keySetText(shopIssuer),
      audiences: ['orders.shop.example'],
      outputClaimToHeaders: [{ header: 'x-user', claim: 'sub' }],
    },
  ]),
];
const SIGNED_IN = authorization(
  `rules:\n  - from: [{ source: { requestPrincipals: ["${iss}/*"] } }]`,
  'signed-in-only',
);
const AUTHORIZER = extensionProviderSchema.parse({
  name: 'entitlements',
  envoyExtAuthzHttp: {
    service: 'entitlements.example',
    port: 8000,
    includeRequestHeadersInCheck: ['x-ext-authz'],
  },
});
const ASKED = authorization(
  'action: CUSTOM\nprovider: { name: entitlements }\nrules: [{ to: [{ operation: { paths: [/reports*] } }] }]',
  'ask-entitlements',
);
const ENTITLEMENTS = [
  networkObject('ServiceEntry', {
    hosts: ['entitlements.example'],
    ports: [{ number: 8000, name: 'http', protocol: 'HTTP' }],
    resolution: 'STATIC',
    endpoints: [{ address: '10.3.0.1' }],
  }),
];
const gatewayObjects: PolicyObject[] = [
  networkObject('Gateway', {
    selector: { istio: 'ingressgateway' },
    servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['shop.example.com'] }],
  }),
  networkObject('VirtualService', {
    hosts: ['shop.example.com'],
    gateways: ['istio-system/shop'],
    http: [{ match: [{ uri: { prefix: '/web' } }], route: [{ destination: { host: 'web.shop' } }] }],
  }),
];

function networkObject(kind: string, spec: object): PolicyObject {
  const metadata = { name: 'shop', namespace: 'istio-system', annotations: {}, labels: {} };
  const at = { file: `${kind}.yaml`, line: 1, column: 1 };
  return { apiVersion: 'networking.istio.io/v1', kind, metadata, spec, at, positions: {} };
}
function peerAuthentication(spec: string, name = 'default', namespace = 'istio-system'): string {
  return `---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n`;
}

const STORIES: Readonly<Record<string, Story>> = {
  'allow-misses-path': {
    policies: authorization(
      `rules:
  - from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }]
    to: [{ operation: { methods: [GET], paths: ["/cart", "/cart/*"] } }]`,
      'cart-from-web',
    ),
    request: { path: '/carts' },
  },
  'several-policies': {
    policies:
      authorization('rules: [{ from: [{ source: { namespaces: [ops] } }] }]', 'ops-may-everything') +
      authorization(
        `rules:
  - from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }]
    to: [{ operation: { methods: [GET] } }]
  - from: [{ source: { principals: [cluster.local/ns/shop/sa/orders] } }]
    to: [{ operation: { methods: [POST] } }]`,
        'cart-callers',
      ) +
      authorization('action: DENY\nrules: [{ to: [{ operation: { paths: [/debug*] } }] }]', 'no-debugging'),
    request: { method: 'POST', path: '/cart' },
  },
  'token-missing': { policies: SIGNED_IN, objects: JWT },
  'token-expired': {
    policies: SIGNED_IN,
    objects: JWT,
    request: bearer({ aud: 'orders.shop.example', exp: NOW - 3_600 }),
  },
  'token-for-another-audience': {
    policies: SIGNED_IN,
    objects: JWT,
    request: bearer({ aud: 'billing.shop.example' }),
  },
  'token-of-another-issuer': {
    policies: SIGNED_IN,
    objects: JWT,
    request: bearer({ iss: 'https://login.evil.example' }),
  },
  'token-with-a-forged-signature': {
    policies: SIGNED_IN,
    objects: JWT,
    request: bearer({ aud: 'orders.shop.example' }, signer()),
  },
  'claim-that-breaks-a-header': {
    policies: SIGNED_IN,
    objects: JWT,
    request: bearer({ aud: 'orders.shop.example', sub: 'alice\r\nx-admin: yes' }),
  },
  'authorizer-denies': {
    policies: ASKED,
    objects: ENTITLEMENTS,
    config: { extensionProviders: [AUTHORIZER] },
    request: { path: '/reports/2026', headers: { 'x-ext-authz': 'deny' } },
  },
  'authorizer-not-asked': {
    policies: ASKED,
    objects: ENTITLEMENTS,
    config: { extensionProviders: [AUTHORIZER] },
    request: { path: '/REPORTS/2026' },
  },
  'gateway-has-no-route': {
    policies: '',
    objects: gatewayObjects,
    from: { ip: '203.0.113.5' },
    to: GATEWAY,
    request: { host: 'shop.example.com', path: '/admin' },
  },
  'gateway-by-address': {
    policies: authorization(
      'rules: [{ from: [{ source: { remoteIpBlocks: ["198.51.100.0/24"] } }] }]',
      'office-only',
      'istio-system',
    ),
    objects: gatewayObjects,
    from: { ip: '203.0.113.5' },
    to: GATEWAY,
    request: { host: 'shop.example.com', path: '/web', headers: { 'x-forwarded-for': '198.51.100.7' } },
  },
  'outside-an-ip-block': {
    policies: authorization('rules: [{ from: [{ source: { ipBlocks: ["10.9.0.0/16"] } }] }]', 'from-the-vpn'),
  },
  'address-told-by-the-caller': {
    policies: authorization(
      'rules: [{ from: [{ source: { remoteIpBlocks: ["10.9.0.0/16"] } }] }]',
      'from-the-vpn',
    ),
    request: { headers: { 'x-forwarded-for': '10.9.1.1' } },
  },
  'template-takes-one-segment': {
    policies: authorization(
      'rules: [{ to: [{ operation: { paths: ["/users/{*}/orders"] } }] }]',
      'own-orders',
    ),
    request: { path: '/users/7/2026/orders' },
  },
  'dry-run': {
    policies:
      authorization('rules: [{}]', 'everybody') +
      authorization(
        'action: DENY\nrules: [{ to: [{ operation: { methods: [DELETE] } }] }]',
        'no-deletes',
      ).replace('namespace: shop }', 'namespace: shop, annotations: { istio.io/dry-run: "true" } }'),
    request: { method: 'DELETE', path: '/cart/7' },
  },
  'alias-of-the-trust-domain': {
    policies: authorization(
      'rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }] }]',
      'from-web',
    ),
    config: { trustDomainAliases: ['old.example'] },
    from: { principal: 'old.example/ns/shop/sa/web', ip: '10.1.2.3' },
  },
  'foreign-trust-domain': {
    policies: authorization('rules: [{}]', 'everybody'),
    from: { principal: 'partner.example/ns/shop/sa/web', ip: '10.1.2.3' },
  },
  'strict-at-one-port': {
    policies:
      peerAuthentication('{ mtls: { mode: PERMISSIVE } }') +
      peerAuthentication(
        '\n  selector: { matchLabels: { app: cart } }\n  portLevelMtls:\n    8080: { mode: STRICT }',
        'cart',
        'shop',
      ),
    from: { ip: '10.1.2.3' },
  },
  'tls-without-a-sidecar': {
    policies: peerAuthentication('{ mtls: { mode: PERMISSIVE } }'),
    from: { ...WEB, alpn: 'plain' },
  },
  'deny-met-by-plaintext': {
    policies: authorization(
      'action: DENY\nrules: [{ from: [{ source: { notPrincipals: ["cluster.local/ns/shop/sa/web"] } }] }]',
      'only-web',
    ),
    from: { ip: '10.1.2.3' },
  },
  'deny-passed-by-port-in-host': {
    policies: authorization(
      'action: DENY\nrules: [{ to: [{ operation: { hosts: [internal.shop.example] } }] }]',
      'no-internal-host',
    ),
    request: { host: 'internal.shop.example:8080' },
  },
  'deny-grows-at-tcp': {
    policies: authorization(
      'action: DENY\nrules: [{ to: [{ operation: { paths: [/admin] } }] }]',
      'no-admin',
    ),
    to: { port: 9000 },
    request: { protocol: 'tcp' },
  },
  'nothing-applies': { policies: '' },
};

async function told(story: Story): Promise<string> {
  const one: DecisionCase = {
    id: 'story',
    from: story.from ?? WEB,
    to: { namespace: 'shop', serviceAccount: 'cart', labels: { app: 'cart' }, port: 8080, ...story.to },
    request: { protocol: 'http', method: 'GET', path: '/', host: 'cart.shop', ...story.request },
    expect: { decision: 'deny' },
  };
  const world: SuiteWorld = {
    objects: [...policies(story.policies), ...(story.objects ?? [])],
    config: {
      rootNamespace: 'istio-system',
      trustDomain: 'cluster.local',
      trustDomainAliases: [],
      pathNormalization: 'BASE',
      numTrustedProxies: 0,
      ...story.config,
    },
  };
  const { decision, explanation } = await judgeCase(world, one, {
    verification: verification(),
    authorize: answerAsTold,
  });
  const { verdict, reason, status, matched } = decision;
  const by = matched === null ? '' : ` by ${matched.at.file}:${matched.at.line}`;
  const head = `${verdict}${status === undefined ? '' : ` ${status}`} (${reason})${by}`;
  return `${[head, ...explanationLines(explanation)].join('\n')}\n`;
}

describe('an explanation of a case', () => {
  it.each(Object.entries(STORIES))('reads well: %s', async (name, story) => {
    await expect(await told(story)).toMatchFileSnapshot(`../golden/explanations/${name}.txt`);
  });
});
