/** Gateways of the Gateway API and the routes attached to them: what istiod makes of them, and what is wrong with them. */
import { describe, expect, it } from 'vitest';
import type { MeshGateway } from '../../../model/mesh.ts';
import { readPolicyFile } from '../../../model/policy-file.ts';
import { formatProblem } from '../../../model/problem.ts';
import { compilePolicies } from '../../../policy/compile.ts';
import { gatewayPorts } from '../../../policy/gateway/gateway-ports.ts';
import { gatewayProblems } from '../../../policy/gateway/gateway-problems.ts';
import { type GatewayPort, readGatewayPort } from '../../../policy/gateway/read-gateway.ts';
import { chooseAtGateway } from '../../../policy/gateway/route-request.ts';
import { virtualHosts } from '../../../policy/gateway/virtual-hosts.ts';
import type { PolicyObject } from '../../../policy/index.ts';
import { lintMesh } from '../../../policy/lint-mesh.ts';
import { sampleMesh } from '../../support/sample-mesh.ts';

const PUBLIC: MeshGateway = {
  name: 'public-istio',
  id: 'public-istio',
  namespace: 'edge',
  serviceAccount: 'public-istio',
  spiffeId: 'spiffe://cluster.local/ns/edge/sa/public-istio',
  labels: { 'gateway.networking.k8s.io/gateway-name': 'public' },
  instance: { id: 'public-istio-0', workload: 'public-istio', podIp: '10.244.254.1' },
  listen: {},
  credentials: {},
  meshClients: [],
  at: { file: 'greenroom.yaml', line: 9, column: 5 },
};

const gateway = (listeners: readonly string[], more = 'gatewayClassName: istio'): string =>
  `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public, namespace: edge }
spec:
  ${more}
  listeners:
${listeners.map((one) => `    - ${one}\n`).join('')}`;

const route = (spec: string, name = 'web', kind = 'HTTPRoute', namespace = 'edge'): string =>
  `---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: ${namespace} }
spec: ${spec}
`;

const HTTP = '{ name: http, port: 80, protocol: HTTP }';
const PARENT = 'parentRefs: [{ name: public }]';
const WEB = `{ ${PARENT}, rules: [{ backendRefs: [{ name: web, port: 80 }] }] }`;

function read(text: string): PolicyObject[] {
  const { objects, problems } = readPolicyFile(text, 'p.yaml', { namespace: 'edge', ignore: [] });
  expect(problems.map(formatProblem)).toEqual([]);
  return objects;
}

const problems = (text: string, gateways: readonly MeshGateway[] = [PUBLIC]): string[] =>
  gatewayProblems(read(text), gateways).map(formatProblem);

const refused = (text: string): string[] =>
  readPolicyFile(text, 'p.yaml', { namespace: 'edge', ignore: [] }).problems.map(formatProblem);

function port(text: string, number = 80): GatewayPort {
  const at = readGatewayPort(read(text), PUBLIC, number);
  if (typeof at === 'string') throw new Error(at);
  return at;
}

/** Where a request goes, or why not. */
function outcome(at: GatewayPort, host: string, path = '/', servers = at.http): string {
  const http = { protocol: 'http1', method: 'GET', path, rawPath: path, host, headers: [] } as const;
  const choice = chooseAtGateway(virtualHosts(at, servers), http);
  if (choice.kind === 'answered') return choice.decision.reason;
  const { action } = choice.route;
  return action.kind === 'forward' ? action.destinations.map(({ cluster }) => cluster).join() : action.kind;
}

describe('a Gateway that can’t be read', () => {
  it.each([
    ['{ name: a, port: 443, protocol: HTTPS }', 'needs tls'],
    ['{ name: a, port: 443, protocol: HTTPS, tls: { mode: Passthrough } }', 'is a listener of protocol TLS'],
    ['{ name: a, port: 80, protocol: HTTP, tls: { mode: Terminate } }', 'takes no tls'],
    ['{ name: a, port: 80, protocol: TCP, hostname: x.example }', 'takes no hostname'],
    ['{ name: a, port: 80, protocol: HTTP, bind: 1.2.3.4 }', 'bind'],
    ['{ name: a, port: 443, protocol: HTTPS, tls: { frontendValidation: {} } }', 'frontendValidation'],
  ])('is refused at its line: %s', (listener, why) => {
    const [told] = refused(gateway([listener]));
    expect(told).toMatch(/^p\.yaml:7:/);
    expect(told).toContain('error');
    expect(told).toContain(why);
  });

  it('has two listeners of one name, or fields that nobody follows', () => {
    expect(refused(gateway([HTTP, HTTP]))[0]).toContain('two listeners are called http');
    expect(refused(gateway([HTTP], 'gatewayClassName: istio\n  addresses: [{ value: x }]'))[0]).toContain(
      'addresses',
    );
  });
});

describe('a listener that can’t be served', () => {
  const tls = (more: string) => `{ name: a, port: 443, protocol: HTTPS, tls: { ${more} } }`;
  it.each([
    ['{ name: a, port: 53, protocol: UDP }', 'listeners of protocol UDP are not served'],
    [tls('certificateRefs: []'), 'needs one certificateRef'],
    [tls('certificateRefs: [{ name: a, namespace: other }]'), 'own namespace'],
    [tls('certificateRefs: [{ name: a, kind: ConfigMap }]'), 'comes from a Secret'],
    [tls('certificateRefs: [{ name: a }], options: { example.com/x: z }'), 'option example.com/x: z'],
    [
      '{ name: a, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: Selector, selector: { matchLabels: { team: a } } } } }',
      'by their label kubernetes.io/metadata.name only',
    ],
  ])('is an error at its line: %s', (listener, why) => {
    const told = problems(gateway([listener]));
    expect(told).toEqual([expect.stringMatching(/^p\.yaml:7:\d+: error not-supported-yet: listener a of /)]);
    expect(told[0]).toContain(why);
  });

  it('is one of a waypoint; those of another class are another controller’s', () => {
    expect(problems(gateway([HTTP], 'gatewayClassName: istio-waypoint'))).toEqual([
      'p.yaml:5:3: error not-supported-yet: Gateway edge/public: waypoints are not run in this version',
    ]);
    expect(problems(gateway([HTTP], 'gatewayClassName: nginx'))[0]).toContain('warning gateway-not-run');
    expect(gatewayPorts(read(gateway([HTTP], 'gatewayClassName: nginx')), PUBLIC)).toEqual([]);
  });
});

describe('a Gateway', () => {
  it('that nobody runs is told once, with what to declare', () => {
    const text = gateway([HTTP, '{ name: second, port: 81, protocol: HTTP }']) + route(WEB);
    for (const gateways of [[], [{ ...PUBLIC, namespace: 'elsewhere' }], [{ ...PUBLIC, labels: {} }]])
      expect(problems(text, gateways)).toEqual([
        'p.yaml:3:13: warning gateway-not-run: Gateway edge/public is served by nobody here: no gateway of namespace edge has the label gateway.networking.k8s.io/gateway-name: public\n  hint: declare it as istiod deploys it, in greenroom.yaml: spec.gateways: { public-istio: { namespace: edge, labels: { gateway.networking.k8s.io/gateway-name: public } } }',
      ]);
  });

  it('has the ports of its listeners, and nothing to tell where all is well', () => {
    const text = gateway([HTTP, '{ name: second, port: 81, protocol: HTTP }']) + route(WEB);
    expect(problems(text)).toEqual([]);
    expect(gatewayPorts(read(text), PUBLIC)).toEqual([80, 81]);
    expect(gatewayPorts(read(text), { ...PUBLIC, namespace: 'elsewhere' })).toEqual([]);
  });

  it('without routes for a listener is told, at the listener', () => {
    expect(problems(gateway(['{ name: a, port: 80, protocol: HTTP, hostname: shop.example }']))).toEqual([
      expect.stringContaining(
        'p.yaml:7:44: warning gateway-host-unrouted: listener a of Gateway edge/public: no route is attached for shop.example, so every request to it is answered 404',
      ),
    ]);
  });

  it('whose certificate no file brings has one issued', () => {
    const https =
      '{ name: a, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: shop }] }, hostname: shop.example }';
    const told = problems(gateway([https]) + route(WEB));
    expect(told).toEqual([expect.stringContaining('p.yaml:7:71: warning credential-issued: gateway')]);
    const mutual = https.replace(
      'tls: {',
      'tls: { options: { gateway.istio.io/tls-terminate-mode: MUTUAL },',
    );
    expect(problems(gateway([mutual]) + route(WEB))).toEqual([
      expect.stringContaining('error no-client-authority'),
    ]);
  });
});

describe('a route isn’t attached', () => {
  const listener = (more: string) => `{ name: http, port: 80, protocol: HTTP, ${more} }`;
  const spec = (more: string, kind = 'public') =>
    `{ parentRefs: [{ name: ${kind}${more} }], hostnames: [shop.example], rules: [{ backendRefs: [{ name: web, port: 80 }] }] }`;

  it.each([
    ['to a listener of another name', HTTP, spec(', sectionName: https'), 'http: it is called http'],
    ['to a listener of another port', HTTP, spec(', port: 81'), 'http: it is at port 80'],
    [
      'to a listener of another hostname',
      listener('hostname: other.example'),
      spec(''),
      'its hostname is other',
    ],
    [
      'to one that takes other kinds',
      listener('allowedRoutes: { kinds: [{ kind: GRPCRoute }] }'),
      spec(''),
      'it takes no HTTPRoute',
    ],
    [
      'to one that takes none',
      listener('allowedRoutes: { namespaces: { from: None } }'),
      spec(''),
      'namespace edge',
    ],
  ])('%s', (_, one, written, why) => {
    const text = gateway([one]) + route(written);
    expect(problems(text).join()).toContain(
      'warning route-not-attached: HTTPRoute edge/web is attached to no listener of Gateway edge/public',
    );
    expect(problems(text).join()).toContain(why);
    expect(outcome(port(text), 'shop.example')).toBe('no-virtual-host');
  });

  it('from another namespace than the Gateway’s, unless that is let in', () => {
    const written = spec(', namespace: edge');
    const from = (namespaces: string) =>
      gateway([listener(`allowedRoutes: { namespaces: ${namespaces} }`)]) +
      route(written, 'web', 'HTTPRoute', 'shop');
    const only = (name: string) =>
      `{ from: Selector, selector: { matchLabels: { kubernetes.io/metadata.name: ${name} } } }`;
    for (const namespaces of ['{ from: Same }', only('other')])
      expect(outcome(port(from(namespaces)), 'shop.example')).toBe('no-virtual-host');
    for (const namespaces of ['{ from: All }', only('shop')])
      expect(outcome(port(from(namespaces)), 'shop.example')).toBe('outbound|80||web.shop.svc.cluster.local');
  });

  it('to a Gateway that isn’t there, which is told with the nearest name', () => {
    const told = problems(gateway([HTTP]) + route(WEB) + route(spec('', 'pubic'), 'typo'));
    expect(told).toEqual([expect.stringContaining('warning unknown-gateway: HTTPRoute edge/typo')]);
    expect(told[0]).toContain('did you mean edge/public?');
  });
});

describe('routes of a Gateway', () => {
  it('meet the hosts that they and their listener share', () => {
    const at = port(
      gateway(['{ name: http, port: 80, protocol: HTTP, hostname: "*.example" }']) +
        route(WEB.replace('rules:', 'hostnames: [shop.example, other.test], rules:')),
    );
    expect(outcome(at, 'shop.example')).toBe('outbound|80||web.edge.svc.cluster.local');
    expect([outcome(at, 'other.test'), outcome(at, 'cart.example')]).toEqual([
      'no-virtual-host',
      'no-virtual-host',
    ]);
  });

  it('leave a host to the listener whose hostname is nearest', () => {
    const at = port(
      gateway([
        '{ name: wide, port: 80, protocol: HTTP, hostname: "*.example" }',
        '{ name: near, port: 80, protocol: HTTP, hostname: shop.example }',
      ]) +
        route(
          WEB.replace('rules:', 'hostnames: [shop.example], rules:').replace(
            'public }',
            'public, sectionName: wide }',
          ),
        ),
    );
    expect(outcome(at, 'shop.example')).toBe('no-virtual-host');
  });

  it('of several objects are joined in the Gateway API’s order', () => {
    const rule = (path: string, backend: string) =>
      `{ ${PARENT}, rules: [{ matches: [{ path: { value: ${path} } }], backendRefs: [{ name: ${backend}, port: 80 }] }] }`;
    const at = port(gateway([HTTP]) + route(rule('/', 'web'), 'a') + route(rule('/cart', 'cart'), 'b'));
    expect(outcome(at, 'x', '/cart/1')).toBe('outbound|80||cart.edge.svc.cluster.local');
    expect(outcome(at, 'x', '/cartoon')).toBe('outbound|80||web.edge.svc.cluster.local');
  });

  it('of gRPC are attached as those of HTTP are', () => {
    const grpc = `{ ${PARENT}, rules: [{ matches: [{ method: { service: a.B } }], backendRefs: [{ name: grpc, port: 90 }] }] }`;
    const at = port(gateway([HTTP]) + route(grpc, 'g', 'GRPCRoute'));
    expect(outcome(at, 'x', '/a.B/C')).toBe('outbound|90||grpc.edge.svc.cluster.local');
    expect(outcome(at, 'x', '/a.C/C')).toBe('no-route');
  });

  it('reach a backend of another namespace only with that namespace’s word', () => {
    const away = WEB.replace('name: web,', 'name: web, namespace: shop,');
    const grant = (kind: string) => `---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: { name: g, namespace: shop }
spec: { from: [{ group: gateway.networking.k8s.io, kind: ${kind}, namespace: edge }], to: [{ kind: Service }] }
`;
    const text = gateway([HTTP]) + route(away);
    expect(outcome(port(text), 'x')).toBe('outbound|80||');
    expect(outcome(port(text + grant('GRPCRoute')), 'x')).toBe('outbound|80||');
    expect(outcome(port(text + grant('HTTPRoute')), 'x')).toBe('outbound|80||web.shop.svc.cluster.local');
  });

  it('of bytes go by server name where TLS is passed on, and wherever it was ended', () => {
    const listeners = [
      '{ name: pass, port: 443, protocol: TLS, hostname: "*.pass.example", tls: { mode: Passthrough } }',
      '{ name: end, port: 443, protocol: TLS, hostname: end.example, tls: { options: { gateway.istio.io/tls-terminate-mode: ISTIO_MUTUAL } } }',
      '{ name: tcp, port: 9000, protocol: TCP }',
    ];
    const bytes = (section: string, more = '') =>
      `{ parentRefs: [{ name: public, sectionName: ${section} }], ${more}rules: [{ backendRefs: [{ name: ${section}, port: 1 }] }] }`;
    const text =
      gateway(listeners) +
      route(bytes('pass', 'hostnames: [a.pass.example], '), 'p', 'TLSRoute') +
      route(bytes('end'), 'e', 'TLSRoute') +
      route(bytes('tcp'), 't', 'TCPRoute').replace('k8s.io/v1', 'k8s.io/v1alpha2');
    expect(problems(text)).toEqual([]);
    const at = port(text, 443);
    const cluster = (name: string) => [{ cluster: `outbound|1||${name}.edge.svc.cluster.local` }];
    expect(at.passthrough).toMatchObject([
      { serverNames: ['a.pass.example'], destinations: cluster('pass'), source: { kind: 'TLSRoute' } },
    ]);
    expect(at.tls).toMatchObject([{ chain: { destinations: cluster('end') } }]);
    expect(port(text, 9000).tcp?.chain).toMatchObject({ destinations: cluster('tcp') });
  });
});

describe('bytes without a backend that has a share', () => {
  it.each(['', ', { name: second, port: 1, weight: 0 }'])('go nowhere: one of weight 0%s', (more) => {
    const tcp = `{ ${PARENT}, rules: [{ backendRefs: [{ name: web, port: 1, weight: 0 }${more}] }] }`;
    const text = gateway(['{ name: tcp, port: 9000, protocol: TCP }']) + route(tcp, 't', 'TCPRoute');
    const at = port(text.replace('k8s.io/v1\nkind: TCPRoute', 'k8s.io/v1alpha2\nkind: TCPRoute'), 9000);
    expect(at.tcp?.chain.destinations.map(({ cluster }) => cluster)).toEqual([
      'outbound|65535|zero-weight|internal.cluster.local',
    ]);
  });
});

describe('a policy with targetRefs', () => {
  const policy = (name: string, namespace = 'edge') => `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: d, namespace: ${namespace} }
spec: { targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: ${name} }], action: DENY, rules: [{}] }
`;
  const config = { rootNamespace: 'edge', trustDomain: 'cluster.local', trustDomainAliases: [] };
  const denies = (text: string, target = PUBLIC) =>
    compilePolicies(read(text), target, { port: 80, protocol: 'http' }, config).deny.rules.length;

  it('is the Gateway’s that it names, and nobody else’s', () => {
    expect(denies(policy('public'))).toBe(1);
    expect(denies(policy('other'))).toBe(0);
    expect(denies(policy('public', 'shop'))).toBe(0);
    expect(denies(policy('public'), { ...PUBLIC, namespace: 'shop' })).toBe(0);
    expect(denies(policy('public'), { ...PUBLIC, labels: { app: 'public' } })).toBe(0);
  });
});

describe('the lint of targets that nobody enforces', () => {
  const policy = `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: d, namespace: edge }
spec: { targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: public }], action: DENY, rules: [{}] }
`;
  const found = (gateways: readonly MeshGateway[]) =>
    lintMesh({ ...sampleMesh([{ name: 'web' }]), gateways, policies: read(gateway([HTTP]) + policy) }).filter(
      ({ code }) => code === 'target-not-enforced',
    );

  it('finds those whose Gateway is served by nobody here, and no other', () => {
    expect(found([])).toHaveLength(1);
    expect(found([{ ...PUBLIC, namespace: 'shop' }])).toHaveLength(1);
    expect(found([PUBLIC])).toEqual([]);
  });
});
