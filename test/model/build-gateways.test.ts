/** Gateways of a project file: who they are, and what can't be. */
import { describe, expect, it } from 'vitest';
import { buildMesh } from '../../model/build-mesh.ts';
import { formatProblem } from '../../model/problem.ts';
import { parseProject } from '../../model/project.ts';

const HEAD = `apiVersion: greenroom.dev/v1
kind: Mesh
metadata: { name: shop }
spec:
  namespace: shop
  services:
    web: { command: [node, web.js], ports: [{ name: http, port: 80 }] }
  gateways:
`;

function build(gateways: string) {
  const { value: project, problems } = parseProject(HEAD + gateways, 'greenroom.yaml');
  if (!project) return { gateways: [], problems: problems.map(formatProblem) };
  const built = buildMesh(project, [], {
    root: '/project',
    resolve: (path) => `/project/${path}`,
    scenarioFiles: [],
    policyFiles: [],
  });
  return { gateways: built.value?.gateways ?? [], problems: built.problems.map(formatProblem) };
}

describe('a gateway', () => {
  it('is refused with the name of a service of its namespace', () => {
    expect(build('    web: {}\n').problems).toEqual([
      'greenroom.yaml:9:5: error duplicate-service: gateway web and a service of namespace shop have one name\n  hint: rename one of them',
    ]);
  });

  it('is refused a port of this machine that another one has', () => {
    expect(build('    a: { listen: { 80: 8080 } }\n    b: { listen: { 443: 8080 } }\n').problems).toEqual([
      'greenroom.yaml:10:20: error duplicate-port: port 80 of a listens on 8080 of this machine already',
    ]);
  });

  it.each([
    ['    a: { listen: { https: 8443 } }\n', 'greenroom.yaml:9:20: error'],
    ['    a: { listen: { 443: 70000 } }\n', 'greenroom.yaml:9:20: error'],
    ['    a: { credentials: { tls: { certificate: c.pem } } }\n', 'key'],
    ['    a: { ports: [80] }\n', 'error unknown-key'],
  ])('is refused as %s', (text, problem) => {
    expect(build(text).problems.join('\n')).toContain(problem);
  });

  it('has the identity of its account, one address, labels, and files beside greenroom.yaml', () => {
    const { gateways, problems } = build(`    ingress:
      namespace: istio-system
      serviceAccount: ingress-account
      labels: { istio: ingressgateway }
      listen: { 443: 8443 }
      credentials: { tls: { certificate: tls/c.pem, key: tls/k.pem } }
`);
    expect(problems).toEqual([]);
    expect(gateways).toEqual([
      {
        name: 'ingress',
        id: 'ingress',
        namespace: 'istio-system',
        serviceAccount: 'ingress-account',
        spiffeId: 'spiffe://cluster.local/ns/istio-system/sa/ingress-account',
        labels: { app: 'ingress', istio: 'ingressgateway' },
        instance: { id: 'ingress-0', workload: 'ingress', podIp: '10.244.254.1' },
        listen: { 443: 8443 },
        credentials: {
          tls: {
            certificate: '/project/tls/c.pem',
            key: '/project/tls/k.pem',
            ca: null,
            at: { file: 'greenroom.yaml', line: 14, column: 22 },
          },
        },
        meshClients: [],
        clientCredentials: {
          secrets: {
            tls: {
              pair: { certificate: '/project/tls/c.pem', key: '/project/tls/k.pem' },
              ca: null,
              at: { file: 'greenroom.yaml', line: 14, column: 22 },
            },
          },
          mounted: {},
        },
        at: { file: 'greenroom.yaml', line: 9, column: 5 },
      },
    ]);
  });

  it('has an id of its own where a service of another namespace has its name', () => {
    expect(build('    web: { namespace: edge }\n').gateways).toMatchObject([
      { id: 'edge/web', instance: { id: 'edge/web-0' } },
    ]);
  });
});
