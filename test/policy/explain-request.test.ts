import { describe, expect, it } from 'vitest';
import type { Workload } from '../../model/mesh.ts';
import { explainRequest, type RequestQuestion } from '../../policy/explain-request.ts';
import { authorization, policies } from '../support/policies.ts';
import { sampleMesh } from '../support/sample-mesh.ts';
import { keySetText, requestAuthentication, signer, verification } from '../support/tokens.ts';

const http = { name: 'http', port: 80, targetPort: 8080, protocol: 'http' } as const;
const tcp = { name: 'tcp', port: 5432, targetPort: 5433, protocol: 'tcp' } as const;
const tls = { name: 'tls', port: 443, targetPort: 8443, protocol: 'tls' } as const;
const grpc = { name: 'grpc', port: 90, targetPort: 9090, protocol: 'grpc' } as const;
const http2 = { name: 'http2', port: 91, targetPort: 9091, protocol: 'http2' } as const;

const PEER =
  '---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: default, namespace: shop }\nspec: { mtls: { mode: ';

function mesh(yaml = '', cartPorts: Workload['ports'] = [tcp, tls, http, grpc, http2]) {
  const samples = [
    { name: 'web' },
    { name: 'cart', ports: cartPorts },
    { name: 'cart', namespace: 'other' },
    { name: 'idle', ports: [] },
    { name: 'db', ports: [tcp] },
  ];
  return sampleMesh(samples, { policies: yaml === '' ? [] : policies(yaml) });
}

function ask(question: Partial<RequestQuestion> = {}, of = mesh()) {
  return explainRequest(of, {
    from: 'web',
    to: 'cart',
    method: 'GET',
    path: '/',
    headers: [],
    connection: 'mtls',
    ...question,
  });
}

describe('a question about a mesh', () => {
  it.each([
    ['a caller that is not there', { from: 'nobody' }],
    ['a callee that is not there', { to: 'nobody' }],
    ['a port that is not there', { port: 81 }],
    ['the port of the pod, not of the service', { port: 8080 }],
    ['a workload without ports', { to: 'idle' }],
  ])('has no answer about %s', async (_, question) => {
    expect(await ask(question)).toBeNull();
  });

  it('is about the first port that speaks HTTP, else the first', async () => {
    expect((await ask())?.facts.connection.destinationPort).toBe(8080);
    expect((await ask({ to: 'db' }))?.facts.connection.destinationPort).toBe(5433);
    expect((await ask({ port: 443 }))?.facts.connection.destinationPort).toBe(8443);
  });

  it('names a workload by its id before its name', async () => {
    expect((await ask({ to: 'other/cart' }))?.facts.http?.host).toBe('cart');
    expect((await ask({ to: 'other/cart' }))?.facts.connection.destinationIp).toBe('10.244.2.10');
    expect((await ask({ to: 'cart' }))?.facts.connection.destinationIp).toBe('10.244.1.10');
  });

  it('sees a workload without instances at its service’s address', async () => {
    const none = sampleMesh([{ name: 'web', replicas: 0 }, { name: 'cart' }]);
    expect((await ask({}, none))?.facts.connection).toMatchObject({
      sourceIp: '10.96.0.10',
      destinationIp: '10.244.1.10',
    });
  });

  it.each([
    [80, 'http1'],
    [90, 'grpc'],
    [91, 'http2'],
  ])('port %i is asked in its own protocol, %s', async (port, protocol) => {
    expect((await ask({ port }))?.facts.http?.protocol).toBe(protocol);
  });

  it.each([[5432], [443]])('port %i is asked for a connection, and no request', async (port) => {
    const answer = await ask({ port });
    expect(answer?.facts.http).toBeNull();
    expect(answer?.facts.connection).toMatchObject({
      mtls: true,
      principal: 'cluster.local/ns/shop/sa/web',
    });
  });

  it('takes the host from the headers, and the path in UTF-8', async () => {
    const headers: [string, string][] = [
      ['x-role', 'a'],
      ['host', 'shop.example'],
    ];
    const answer = await ask({ headers, path: '/caf\u00e9' });
    expect(answer?.facts.http).toMatchObject({ host: 'shop.example', path: '/caf\u00c3\u00a9' });
    const names = answer?.facts.http?.headers.map(([name]) => name);
    expect(names).toContain('x-role');
    expect(names).not.toContain('host');
    expect((await ask())?.facts.http?.host).toBe('cart');
  });
});

describe('the caller', () => {
  it('comes with its identity, in mutual TLS', async () => {
    expect((await ask())?.facts.connection).toMatchObject({
      mtls: true,
      principal: 'cluster.local/ns/shop/sa/web',
      sourceIp: '10.244.0.10',
    });
  });

  it('comes without one in plaintext, or where the port takes nothing else', async () => {
    const plain = { mtls: false, principal: null };
    expect((await ask({ connection: 'plaintext' }))?.facts.connection).toMatchObject(plain);
    const disabled = mesh(`${PEER}DISABLE } }\n`);
    expect((await ask({}, disabled))?.facts.connection).toMatchObject(plain);
    const strict = mesh(`${PEER}STRICT } }\n`);
    expect((await ask({ connection: 'plaintext' }, strict))?.decision.reason).toBe('plaintext-on-strict');
    expect((await ask({}, strict))?.decision.verdict).toBe('allow');
  });
});

describe('the answer', () => {
  it('is a denial where tokens can’t be verified, and the application’s where they can', async () => {
    const issuer = signer();
    const rule = { issuer: 'https://a.example', jwks: keySetText(issuer) };
    const of = sampleMesh([{ name: 'web' }, { name: 'cart' }], { policies: [requestAuthentication([rule])] });
    const token = issuer.token({ iss: 'https://a.example', sub: 'alice' });
    const headers: [string, string][] = [['authorization', `Bearer ${token}`]];
    const question = {
      from: 'web',
      to: 'cart',
      method: 'GET',
      path: '/',
      headers,
      connection: 'mtls',
    } as const;
    expect((await explainRequest(of, question))?.decision.phase).toBe('jwt');
    const answer = await explainRequest(of, question, verification());
    expect(answer?.decision.verdict).toBe('allow');
    expect(JSON.stringify(answer?.explanation.trail)).toContain('good');
  });

  it('comes with what a reviewer must know of it', async () => {
    const deny = authorization('action: DENY\nrules: [{ to: [{ operation: { paths: [/admin] } }] }]');
    const answer = await ask({ path: '/Admin' }, mesh(deny));
    expect(answer?.decision.verdict).toBe('allow');
    expect(answer?.findings).toMatchObject([{ attack: 'P8' }]);
  });
});
