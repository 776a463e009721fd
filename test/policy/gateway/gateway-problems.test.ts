/** What is wrong with Gateways that the project's own gateways shall serve, each at its line. */
import { describe, expect, it } from 'vitest';
import type { MeshGateway } from '../../../model/mesh.ts';
import { readPolicyFile } from '../../../model/policy-file.ts';
import { formatProblem } from '../../../model/problem.ts';
import { gatewayProblems } from '../../../policy/gateway/gateway-problems.ts';

const INGRESS: MeshGateway = {
  name: 'ingress',
  id: 'ingress',
  namespace: 'istio-system',
  serviceAccount: 'ingress',
  spiffeId: 'spiffe://cluster.local/ns/istio-system/sa/ingress',
  labels: { istio: 'ingress' },
  instance: { id: 'ingress-0', workload: 'ingress', podIp: '10.244.254.1' },
  listen: {},
  credentials: {},
  meshClients: [],
  at: { file: 'greenroom.yaml', line: 9, column: 5 },
};
const FILES = {
  certificate: '/c.pem',
  key: '/k.pem',
  ca: null,
  at: { file: 'greenroom.yaml', line: 12, column: 7 },
};

const gateway = (...servers: string[]): string =>
  `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: public, namespace: istio-system }
spec:
  selector: { istio: ingress }
  servers:
${servers.map((server) => `    - ${server}\n`).join('')}`;

const service = (spec: string): string => `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop, namespace: shop }
spec: ${spec}
`;

const HTTP = '{ port: { number: 80, name: http, protocol: HTTP }, hosts: [shop.example] }';
const ROUTES = service(
  '{ hosts: [shop.example], gateways: [istio-system/public], http: [{ route: [{ destination: { host: web } }] }] }',
);

function problems(text: string, gateways: readonly MeshGateway[] = [INGRESS]): string[] {
  const read = readPolicyFile(text, 'p.yaml', { namespace: 'shop', ignore: [] });
  expect(read.problems.map(formatProblem)).toEqual([]);
  return gatewayProblems(read.objects, gateways).map(formatProblem);
}

describe('a Gateway', () => {
  it('that nobody runs is told, with what to declare', () => {
    expect(problems(gateway(HTTP) + ROUTES, [])).toEqual([
      'p.yaml:5:3: warning gateway-not-run: Gateway istio-system/public is served by nobody here: no gateway has the labels istio: ingress\n  hint: declare one in greenroom.yaml: spec.gateways: { ingress: { labels: { istio: ingress } } }',
    ]);
    const other = { ...INGRESS, id: 'egress', labels: {} };
    expect(problems(gateway(HTTP) + ROUTES, [other])[0]).toContain('hint: gateways here: egress');
  });

  it('with plaintext and TLS at one port is refused at the second server', () => {
    const tls =
      '{ port: { number: 80, name: https, protocol: HTTPS }, hosts: [shop.example], tls: { mode: ISTIO_MUTUAL } }';
    expect(problems(gateway(HTTP, tls) + ROUTES)).toEqual([
      'p.yaml:8:9: error gateway-port-conflict: port 80 of ingress speaks HTTP by Gateway istio-system/public, and HTTPS here: Istio drops this server\n  hint: give one of them another port',
    ]);
  });

  it.each([
    [
      '{ port: { number: 27017, name: db, protocol: MONGO }, hosts: ["*"] }',
      '7:42: error not-supported-yet',
      'protocol MONGO',
    ],
    [
      '{ port: { number: 15443, name: t, protocol: TLS }, hosts: [a.example], tls: { mode: AUTO_PASSTHROUGH } }',
      '7:85: error not-supported-yet',
      'AUTO_PASSTHROUGH joins the meshes of several clusters, and here is one',
    ],
    [
      '{ port: { number: 443, name: t, protocol: HTTPS }, hosts: [shop.example], tls: { mode: SIMPLE, credentialName: t, verifyCertificateSpki: [x] } }',
      'error not-supported-yet',
      'tls.verifyCertificateSpki is not followed',
    ],
    [
      '{ port: { number: 443, name: t, protocol: HTTPS }, hosts: [shop.example], tls: { mode: SIMPLE, serverCertificate: /c, privateKey: /k } }',
      'error not-supported-yet',
      'tls.serverCertificate is not followed',
    ],
    [
      '{ port: { number: 80, name: t, protocol: HTTP }, hosts: [shop.example], bind: 127.0.0.1 }',
      'error not-supported-yet',
      'bind of a server',
    ],
  ])('with the server %s is refused, at its line', (server, at, why) => {
    const [first] = problems(gateway(server) + ROUTES);
    expect(first).toContain(at);
    expect(first).toContain(why);
  });

  it('with a host that no VirtualService serves is told, since all that comes there is answered 404', () => {
    const unserved =
      'p.yaml:7:67: warning gateway-host-unrouted: Gateway istio-system/public: no VirtualService has routes for shop.example at this gateway, so every request to it is answered 404';
    expect(problems(gateway(HTTP)).join()).toContain(unserved);
    // One of the mesh's own, of another gateway, of another name: none of them is this one's.
    for (const spec of [
      '{ hosts: [shop.example], http: [{ route: [{ destination: { host: web } }] }] }',
      '{ hosts: [other.example], gateways: [istio-system/public], http: [{ route: [{ destination: { host: web } }] }] }',
    ])
      expect(problems(gateway(HTTP) + service(spec)).join()).toContain(unserved);
  });

  it.each([
    ['{ port: { number: 443, name: t, protocol: TCP }, hosts: [shop.example] }', 'tcp'],
    [
      '{ port: { number: 443, name: t, protocol: TLS }, hosts: [shop.example], tls: { mode: ISTIO_MUTUAL } }',
      'tcp',
    ],
    [
      '{ port: { number: 443, name: t, protocol: TLS }, hosts: [shop.example], tls: { mode: PASSTHROUGH } }',
      'tls',
    ],
    [
      '{ port: { number: 443, name: t, protocol: HTTPS }, hosts: [shop.example], tls: { mode: PASSTHROUGH } }',
      'tls',
    ],
  ])('with the server %s needs %s routes, and http routes are none', (server, field) => {
    const match = field === 'tls' ? 'match: [{ sniHosts: [shop.example] }], ' : '';
    const routes = `${field}: [{ ${match}route: [{ destination: { host: web } }] }]`;
    const [told, ...others] = problems(gateway(server) + ROUTES);
    expect(others).toEqual([expect.stringContaining('warning gateway-routes-unused')]);
    expect(told).toContain(
      `warning gateway-host-unrouted: Gateway istio-system/public: no VirtualService has ${field} routes for shop.example at this gateway, so every connection to it is closed`,
    );
    const routed = service(`{ hosts: [shop.example], gateways: [istio-system/public], ${routes} }`);
    expect(problems(gateway(server) + routed)).toEqual([]);
  });

  it('with two servers of plain bytes at one port is refused at the second', () => {
    const tcp = (name: string) => `{ port: { number: 9000, name: ${name}, protocol: TCP }, hosts: ["*"] }`;
    expect(problems(gateway(tcp('a'), tcp('b'))).join()).toContain(
      'p.yaml:8:9: error gateway-port-conflict: port 9000 of ingress speaks TCP',
    );
  });

  it('with a name that another TLS server of the port has is told: Istio drops it whole', () => {
    const tls = (name: string, hosts: string) =>
      `{ port: { number: 443, name: ${name}, protocol: HTTPS }, hosts: [${hosts}], tls: { mode: ISTIO_MUTUAL } }`;
    const text = gateway(tls('a', 'shop.example'), tls('b', '"*.example", shop.example')) + ROUTES;
    expect(problems(text).filter((one) => one.includes('gateway-host-taken'))).toEqual([
      'p.yaml:8:79: warning gateway-host-taken: shop.example is served at port 443 of ingress by Gateway istio-system/public already: Istio drops this server, with all its hosts\n  hint: give each server names of its own',
    ]);
  });

  it('whose plaintext is only sent to https needs no routes there', () => {
    const redirect =
      '{ port: { number: 80, name: http, protocol: HTTP }, hosts: [shop.example], tls: { httpsRedirect: true } }';
    expect(problems(gateway(redirect))).toEqual([]);
  });

  it('that is served whole has no problem', () => {
    expect(problems(gateway(HTTP) + ROUTES)).toEqual([]);
  });
});

describe('a credential', () => {
  const SIMPLE =
    '{ port: { number: 443, name: t, protocol: HTTPS }, hosts: [shop.example], tls: { mode: SIMPLE, credentialName: shop } }';

  it('without files is issued for development, which is told', () => {
    expect(problems(gateway(SIMPLE) + ROUTES)).toEqual([
      expect.stringContaining(
        'p.yaml:7:102: warning credential-issued: gateway ingress has no files for credential shop: for development its certificate is issued here, and no browser trusts it',
      ),
    ]);
    expect(problems(gateway(SIMPLE) + ROUTES, [{ ...INGRESS, credentials: { shop: FILES } }])).toEqual([]);
  });

  it('for a server that asks for certificates must say who signs for its clients', () => {
    const text = gateway(SIMPLE.replace('SIMPLE', 'MUTUAL')) + ROUTES;
    expect(problems(text, [{ ...INGRESS, credentials: { shop: FILES } }])).toEqual([
      expect.stringContaining('greenroom.yaml:12:7: error no-client-authority'),
    ]);
    expect(problems(text, [{ ...INGRESS, credentials: { shop: { ...FILES, ca: '/ca.pem' } } }])).toEqual([]);
  });

  it.each(['MUTUAL', 'OPTIONAL_MUTUAL'])('without files has nobody who signs for clients of %s', (mode) => {
    const text = gateway(SIMPLE.replace('SIMPLE', mode)) + ROUTES;
    expect(problems(text)).toEqual([
      expect.stringContaining(
        'error no-client-authority: gateway ingress has no files for credential shop, and Gateway istio-system/public asks clients for certificates: nothing says who signs for them',
      ),
    ]);
    expect(problems(text, [{ ...INGRESS, meshClients: ['other'] }])[0]).toContain('no-client-authority');
    expect(problems(text, [{ ...INGRESS, meshClients: ['shop'] }])).toEqual([
      expect.stringContaining('warning credential-issued'),
    ]);
  });
});

describe('a place to listen', () => {
  it('for a port that no Gateway has is told', () => {
    expect(problems(gateway(HTTP) + ROUTES, [{ ...INGRESS, listen: { 80: 8080, 443: 8443 } }])).toEqual([
      'greenroom.yaml:9:5: warning unknown-port: gateway ingress has a place to listen for port 443, and no Gateway that it serves has a server there\n  hint: its ports: 80',
    ]);
  });
});

describe('a VirtualService', () => {
  const BYTES = '{ port: { number: 9000, name: t, protocol: TCP }, hosts: [shop.example] }';
  const bytes = (match: string, gateways = 'istio-system/public') =>
    service(
      `{ hosts: [shop.example], gateways: [${gateways}], tcp: [{ match: [${match}], route: [{ destination: { host: web } }] }] }`,
    );

  it.each(['sourceLabels: { app: web }', 'sourceNamespace: shop', 'destinationSubnets: [10.0.0.0/8]'])(
    'that narrows bytes at a gateway by %s is told that it narrows nothing',
    (field) => {
      const [told, ...others] = problems(gateway(BYTES) + bytes(`{ ${field} }`));
      expect(others).toEqual([]);
      expect(told).toMatch(/^p\.yaml:12:\d+: warning gateway-match-ignored: VirtualService shop\/shop: /);
      expect(told).toContain(`at a gateway ${field.split(':')[0]} of a match narrows nothing`);
    },
  );

  it('may narrow so what sidecars do', () => {
    const text = gateway(BYTES) + bytes('{ port: 9000 }, { gateways: [mesh], sourceNamespace: shop }');
    expect(problems(text)).toEqual([]);
  });

  it('with routes that no server of its Gateway looks for is told', () => {
    expect(problems(gateway(HTTP) + ROUTES + bytes('{ port: 80 }').replace('name: shop', 'name: b'))).toEqual(
      [
        'p.yaml:17:65: warning gateway-routes-unused: VirtualService shop/b has tcp routes, and no server of Gateway istio-system/public looks for them\n  hint: tcp routes are for servers of TCP, and of TLS that end it',
      ],
    );
  });

  it('for a Gateway that is not there is told, with the nearest name', () => {
    const text =
      gateway(HTTP) +
      ROUTES +
      ROUTES.replace('name: shop', 'name: typo').replace('system/public', 'system/pubic');
    expect(problems(text)).toEqual([
      "p.yaml:17:43: warning unknown-gateway: VirtualService shop/typo is for Gateway istio-system/pubic, which isn't among the policies: its routes are served nowhere\n  hint: did you mean istio-system/public?",
    ]);
  });

  it('of the mesh alone may say whatever sidecars follow', () => {
    const mesh = service(
      '{ hosts: [web], http: [{ match: [{ uri: { regex: "/a.*" } }], rewrite: { uri: / }, timeout: 1s, route: [{ destination: { host: web, subset: v1 } }] }] }',
    );
    expect(problems(gateway(HTTP) + ROUTES + mesh.replace('name: shop', 'name: inner'))).toEqual([]);
  });
});
