import { describe, expect, it } from 'vitest';
import { guessGateways } from '../../../model/compose/guess-gateways.ts';
import { guessPorts } from '../../../model/compose/guess-ports.ts';
import { readPolicyFile } from '../../../model/policy-file.ts';
import { translated } from '../../support/compose.ts';

const gateway = (name: string, selector: string, servers: string): string =>
  `apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: ${name} }\nspec: { selector: ${selector}, servers: [${servers}] }\n---\n`;
const HTTP = '{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }';
const HTTPS =
  '{ port: { number: 443, name: https, protocol: HTTPS }, hosts: ["*"], tls: { mode: SIMPLE, credentialName: c } }';
const route = (host: string): string =>
  `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: r }\nspec: { hosts: ["*"], gateways: [public], http: [{ route: [{ destination: { host: ${host} } }] }] }\n---\n`;

function guessed(policies: string) {
  const { services } = translated({
    services: {
      admin: { image: 'a', ports: [{ target: 8080, published: '9000' }] },
      db: { image: 'postgres', ports: [{ target: 5432, published: '5432' }] },
      web: { image: 'w', ports: [{ target: 80, published: '8080' }] },
    },
  });
  const { objects, problems } = readPolicyFile(policies, 'p.yaml', { namespace: 'shop', ignore: [] });
  expect(problems).toEqual([]);
  return guessGateways(objects, services, guessPorts(services, new Map()));
}

describe('a guess of gateways', () => {
  it('is none without a Gateway, and none for one that selects every gateway', () => {
    expect(guessed(route('web'))).toEqual([]);
    expect(guessed(gateway('public', '{}', HTTP))).toEqual([]);
  });

  it('is Istio’s own where its label is asked for, at the published port of the service behind', () => {
    expect(
      guessed(
        gateway('public', '{ istio: ingressgateway }', `${HTTPS}, ${HTTP}`) +
          route('web.shop.svc.cluster.local'),
      ),
    ).toEqual([
      {
        name: 'istio-ingressgateway',
        namespace: 'istio-system',
        serviceAccount: 'istio-ingressgateway-service-account',
        labels: { istio: 'ingressgateway' },
        listen: { 80: 8080 },
        inPlaceOf: 'web',
        clientCredentials: [],
      },
    ]);
  });

  it('takes each published port once, HTTP only, and each selector once', () => {
    const yaml = ['{ app: one }', '{ app: one }', '{ app: two }', '{ app: three }'].map((selector, index) =>
      gateway(`g${index}`, selector, HTTP),
    );
    expect(guessed(yaml.join('')).map(({ name, listen, inPlaceOf }) => [name, listen, inPlaceOf])).toEqual([
      ['one', { 80: 9000 }, 'admin'],
      ['two', { 80: 8080 }, 'web'],
      ['three', {}, null],
    ]);
  });

  it('names the credentials whose servers ask clients for certificates, of all Gateways that select it', () => {
    const asking = (number: number, mode: string, credentialName: string): string =>
      `{ port: { number: ${number}, name: https-${number}, protocol: HTTPS }, hosts: ["*"], tls: { mode: ${mode}, credentialName: ${credentialName} } }`;
    const first = gateway('a', '{ app: edge }', `${HTTPS}, ${asking(8443, 'MUTUAL', 'one')}`);
    const second = gateway(
      'b',
      '{ app: edge }',
      `${asking(9443, 'OPTIONAL_MUTUAL', 'two')}, ${asking(9444, 'MUTUAL', 'one')}`,
    );
    const other = gateway('c', '{ app: other }', asking(443, 'MUTUAL', 'three'));
    expect(
      guessed(first + other + second).map(({ name, clientCredentials }) => [name, clientCredentials]),
    ).toEqual([
      ['edge', ['one', 'two']],
      ['other', ['three']],
    ]);
  });

  it('leaves published ports alone where it has no HTTP server', () => {
    expect(guessed(gateway('g', '{ app: edge }', HTTPS))).toMatchObject([
      { name: 'edge', namespace: null, listen: {} },
    ]);
  });
});
