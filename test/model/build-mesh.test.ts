/** From a project file to the mesh it means. */
import { describe, expect, it } from 'vitest';
import { buildMesh } from '../../model/build-mesh.ts';
import type { Mesh } from '../../model/mesh.ts';
import { parsePolicyFile } from '../../model/policy-file.ts';
import { formatProblem, type Parsed } from '../../model/problem.ts';
import { parseProject } from '../../model/project.ts';

function build(spec: string, policies = ''): Parsed<Mesh> {
  const text = `apiVersion: greenroom.dev/v1\nkind: Mesh\nmetadata: { name: shop }\nspec:\n  namespace: shop\n${spec}`;
  const project = parseProject(text, 'greenroom.yaml');
  if (!project.value) throw new Error(project.problems.map(formatProblem).join('\n'));
  const read = parsePolicyFile(policies, 'p.yaml', { namespace: 'shop', ignore: [] });
  if (!read.value) throw new Error(read.problems.map(formatProblem).join('\n'));
  const surroundings = {
    root: '/p',
    resolve: (path: string) => `/p/${path.replace(/^\.\//, '')}`,
    scenarioFiles: [],
    policyFiles: [],
  };
  return buildMesh(project.value, read.value, surroundings);
}

const problemsOf = (spec: string, policies?: string): string[] =>
  build(spec, policies).problems.map(formatProblem);

it('warns of what is attached on another machine', () => {
  expect(problemsOf('  services:\n    web: { attach: "10.0.0.7:3000" }\n')).toEqual([
    "greenroom.yaml:7:12: warning attached-elsewhere: 10.0.0.7:3000 is not on this machine's loopback: what the sidecar of web has decrypted goes there in plaintext\n  hint: attach what listens on 127.0.0.1",
  ]);
});

describe("a mesh that can't be", () => {
  it.each([
    [
      'the same service of a namespace twice',
      '  services:\n    payments: { namespace: billing, command: x }\n    billing/payments: { command: y }\n',
      'greenroom.yaml:8:5: error duplicate-service: service payments of namespace billing is declared twice, as payments and as billing/payments',
    ],
    [
      'two namespaces for one service',
      '  services:\n    billing/payments: { namespace: shop, command: y }\n',
      'greenroom.yaml:7:25: error invalid-value: service billing/payments says namespace shop\n  hint: write it once',
    ],
    [
      'a service that nothing runs',
      '  services:\n    web: { ports: [] }\n',
      'greenroom.yaml:7:5: error nothing-to-run: service web says neither how to run it nor where it runs\n  hint: give it a command, an image, a build folder, or attach: host:port',
    ],
    [
      'several of what is attached',
      '  services:\n    web: { attach: "127.0.0.1:3000", replicas: 3 }\n',
      'greenroom.yaml:7:38: error invalid-value: service web is attached: there is one of it, not 3\n  hint: leave out replicas',
    ],
    [
      'a command that needs a shell',
      '  services:\n    web: { command: "node a.js | tee log" }\n',
      'greenroom.yaml:7:12: error invalid-command: the command can\'t be split into words: "|" would need a shell\n  hint: write a list: [sh, -c, "…"]',
    ],
    [
      'an empty command',
      '  services:\n    web: { command: [] }\n',
      'greenroom.yaml:7:12: error invalid-command: the command is empty',
    ],
    [
      'a port twice',
      '  services:\n    web: { command: x, ports: [{ name: http, port: 80 }, { name: http-b, port: 80 }] }\n',
      'greenroom.yaml:7:58: error duplicate-port: port 80 of web is written twice',
    ],
    [
      "a protocol that isn't carried",
      '  services:\n    dns: { command: x, ports: [{ name: udp-dns, port: 53 }] }\n',
      'greenroom.yaml:7:32: error not-supported-yet: protocol udp is not supported in this version',
    ],
  ])('refuses %s', (_, spec, expected) => {
    expect(problemsOf(spec)[0]).toBe(expected);
    expect(build(spec).value).toBeNull();
  });

  it('refuses one policy written twice, and says where the first stands', () => {
    const policy =
      'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: default }\n---\n';
    expect(problemsOf('  services: { web: { command: x } }\n', policy + policy)).toEqual([
      'p.yaml:5:1: error duplicate-policy: PeerAuthentication shop/default is already written at p.yaml:1\n  hint: in the cluster the one applied last replaces the other: rename or remove one',
    ]);
  });
});

describe('what a team should know', () => {
  it('warns of a policy whose labels no service has', () => {
    const policy =
      'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: p }\nspec:\n  selector: { matchLabels: { app: wbe } }\n';
    expect(problemsOf('  services: { web: { command: x } }\n', policy)).toEqual([
      'p.yaml:5:15: warning selects-nothing: PeerAuthentication shop/p applies to nothing: no service has the labels app: wbe\n  hint: services here: web (app: web)',
    ]);
  });

  it('names five services of more, and says how many it leaves out', () => {
    const policy =
      'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: p }\nspec:\n  selector: { matchLabels: { app: wbe } }\n';
    const services = ['a', 'b', 'c', 'd', 'e', 'web'].map((name) => `${name}: { command: x }`).join(', ');
    expect(problemsOf(`  services: { ${services} }\n`, policy)).toEqual([
      expect.stringMatching(/hint: services here: a \(app: a\), .*, e \(app: e\) and 1 more$/),
    ]);
  });

  it('warns of ContextSignals that no gateway has, and of nothing where a gateway has them', () => {
    const signals =
      'apiVersion: greenroom.dev/v1\nkind: ContextSignals\nmetadata: { name: s }\nspec: { selector: { matchLabels: { app: web } }, signals: [{ kind: country, header: x-country, default: NL }] }\n';
    const services = '  services: { web: { command: x } }\n';
    expect(problemsOf(services, signals)).toEqual([
      expect.stringContaining(
        'selects-nothing: ContextSignals shop/s applies to nothing: no gateway lives in namespace shop',
      ),
    ]);
    const ingress = `${services}  gateways: { ingress: { labels: { app: ingress } } }\n`;
    expect(problemsOf(ingress, signals)[0]).toContain('no gateway has the labels app: web');
    expect(problemsOf(ingress, signals.replace('app: web', 'app: ingress'))).toEqual([]);
  });

  it('knows a gateway by its labels as it knows a service', () => {
    const policy =
      'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: p }\nspec: { selector: { matchLabels: { istio: ingress } } }\n';
    const spec = '  services: { web: { command: x } }\n  gateways: { in: { labels: { istio: ingress } } }\n';
    expect(problemsOf(spec, policy)).toEqual([]);
  });

  it('warns of a policy in a namespace without services', () => {
    const policy =
      'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: p, namespace: shp }\n';
    expect(problemsOf('  services: { web: { command: x } }\n', policy)[0]).toContain(
      'no service lives in namespace shp',
    );
  });

  it('warns of a port without a protocol, which Istio would guess', () => {
    expect(
      problemsOf(
        '  services: { web: { command: x, ports: [{ name: api, port: 80 }, { name: db, port: 3306 }] } }\n',
      ),
    ).toEqual([expect.stringContaining('warning protocol-undeclared: port 80')]);
  });

  it('warns of a mesh without services', () => {
    expect(problemsOf('  services: {}\n')).toEqual([expect.stringContaining('warning no-services')]);
  });
});

describe('a mesh', () => {
  it('fills identity, labels, folder and ports', () => {
    const { value } = build(
      '  trustDomain: prod.example\n  services:\n    web: { build: ./web, command: node "my server.js", ports: [{ name: http-api, port: 80, targetPort: 8080 }], environment: { N: 1, ON: true } }\n',
    );
    expect(value?.workloads).toMatchObject([
      {
        id: 'web',
        serviceAccount: 'web',
        spiffeId: 'spiffe://prod.example/ns/shop/sa/web',
        labels: { app: 'web' },
        ports: [{ name: 'http-api', port: 80, targetPort: 8080, protocol: 'http' }],
        run: {
          command: ['node', 'my server.js'],
          build: { context: '/p/web' },
          cwd: '/p/web',
          environment: { N: '1', ON: 'true' },
          witness: null,
        },
      },
    ]);
  });

  it('tells services of one name in two namespaces apart', () => {
    const { value } = build(
      '  services: { payments: { command: x }, billing/payments: { command: x, replicas: 2 } }\n',
    );
    expect(
      value?.workloads.map(({ id, namespace, instances }) => [
        id,
        namespace,
        instances.map((each) => each.id),
      ]),
    ).toEqual([
      ['billing/payments', 'billing', ['billing/payments-0', 'billing/payments-1']],
      ['shop/payments', 'shop', ['shop/payments-0']],
    ]);
  });

  it('gives addresses by the order of names, whatever the order in the file', () => {
    const one = build('  services: { b: { command: x, replicas: 2 }, a: { command: x } }\n').value;
    const other = build('  services: { a: { command: x }, b: { command: x, replicas: 2 } }\n').value;
    const addresses = (mesh: Mesh | null): unknown =>
      mesh?.workloads.map(({ id, clusterIp, instances }) => [
        id,
        clusterIp,
        instances.map((each) => each.podIp),
      ]);
    expect(addresses(one)).toEqual([
      ['a', '10.96.0.1', ['10.244.1.1']],
      ['b', '10.96.0.2', ['10.244.2.1', '10.244.2.2']],
    ]);
    expect(addresses(other)).toEqual(addresses(one));
  });
});
