import { describe, expect, it } from 'vitest';
import { cluster, REVIEWS, service, WEB } from '../../support/routing.ts';

const SNI = `outbound_.80_._.${REVIEWS}`;
const OWN = ['spiffe://cluster.local/ns/shop/sa/reviews'];
const tls = (spec: object, over: object = {}, subset = '') =>
  cluster(
    { trafficPolicy: { tls: spec }, subsets: [{ name: 'v1' }] },
    { services: [service(REVIEWS, over)], subset },
  ).tls;

describe('TLS towards a service', () => {
  it('is mutual by itself, with the service’s identities and the cluster’s name', () => {
    expect(cluster({}).tls).toEqual({ mode: 'ISTIO_MUTUAL', auto: true, sni: SNI, subjectAltNames: OWN });
    expect(cluster({ subsets: [{ name: 'v1' }] }, { subset: 'v1' }).tls).toMatchObject({
      sni: `outbound_.80_.v1_.${REVIEWS}`,
    });
  });

  it('is none by itself outside of the mesh, and where addresses are the client’s', () => {
    for (const over of [{ external: true }, { resolution: 'none' as const }])
      expect(cluster({}, { services: [service(REVIEWS, over)] }).tls).toEqual({ mode: 'DISABLE' });
  });

  it('is off where a rule says so', () => {
    expect(tls({ mode: 'DISABLE' })).toEqual({ mode: 'DISABLE' });
  });

  it('is Istio’s where a rule says so, with names of the rule’s own', () => {
    const asked = { mode: 'ISTIO_MUTUAL' };
    expect(tls(asked)).toEqual({ ...asked, auto: false, sni: SNI, subjectAltNames: OWN });
    expect(tls(asked, { external: true })).toMatchObject(asked);
    expect(tls(asked, {}, 'v1')).toMatchObject({ sni: `outbound_.80_.v1_.${REVIEWS}` });
    expect(tls({ ...asked, sni: 'a.example', subjectAltNames: ['spiffe://x'] })).toEqual({
      ...asked,
      auto: false,
      sni: 'a.example',
      subjectAltNames: ['spiffe://x'],
    });
  });

  it('that is simple has the request’s Host for a name where the rule has none', () => {
    expect(tls({ mode: 'SIMPLE' })).toEqual({
      mode: 'SIMPLE',
      sni: null,
      subjectAltNames: [],
      verify: true,
      verifyHost: true,
      certificate: null,
      roots: null,
    });
    expect(tls({ mode: 'SIMPLE', sni: 'a.example' })).toMatchObject({ sni: 'a.example', verifyHost: false });
    expect(tls({ mode: 'SIMPLE', subjectAltNames: ['b.example'] })).toMatchObject({
      sni: null,
      subjectAltNames: ['b.example'],
      verifyHost: false,
    });
    expect(tls({ mode: 'SIMPLE', insecureSkipVerify: true })).toMatchObject({
      verify: false,
      verifyHost: false,
    });
  });

  it('that is simple takes a ServiceEntry’s names, and not a service’s of the cluster', () => {
    const external = { registry: 'external' as const };
    expect(tls({ mode: 'SIMPLE' }, external)).toMatchObject({ subjectAltNames: OWN, verifyHost: true });
    expect(tls({ mode: 'SIMPLE', subjectAltNames: ['b.example'] }, external)).toMatchObject({
      subjectAltNames: ['b.example'],
    });
  });

  it('shows the certificate and believes the roots that a rule names, by Istio’s names of them', () => {
    const files = { clientCertificate: '/c.pem', privateKey: '/k.pem', caCertificates: '/ca.pem' };
    expect(tls({ mode: 'MUTUAL', ...files })).toEqual({
      mode: 'SIMPLE',
      sni: null,
      subjectAltNames: [],
      verify: true,
      verifyHost: true,
      certificate: 'file-cert:/c.pem~/k.pem',
      roots: 'file-root:/ca.pem',
    });
    expect(tls({ mode: 'SIMPLE', ...files })).toMatchObject({
      certificate: null,
      roots: 'file-root:/ca.pem',
    });
    for (const caCertificates of ['system', ''])
      expect(tls({ mode: 'MUTUAL', ...files, caCertificates })).toMatchObject({ verify: true, roots: null });
    expect(tls({ mode: 'MUTUAL', ...files, caCertificates: '', insecureSkipVerify: true })).toMatchObject({
      verify: false,
      certificate: 'file-cert:/c.pem~/k.pem',
      roots: null,
    });
  });

  it('has the secret of a rule that selects the client’s workload, and at gateways of any rule', () => {
    const mutual = { trafficPolicy: { tls: { mode: 'MUTUAL', credentialName: 'a' } } };
    const simple = { trafficPolicy: { tls: { mode: 'SIMPLE', credentialName: 'a' } } };
    const selects = { workloadSelector: { matchLabels: { app: 'web' } } };
    const secret = { certificate: 'kubernetes://a', roots: 'kubernetes://a-cacert' };
    expect(cluster({ ...mutual, ...selects }).tls).toMatchObject(secret);
    expect(cluster({ ...simple, ...selects }).tls).toMatchObject({ ...secret, certificate: null });
    for (const rule of [mutual, simple])
      expect(cluster(rule).tls).toEqual({ mode: 'REFUSED', reason: 'credential-name-unread' });
    const client = { ...WEB, proxy: 'router' as const };
    expect(cluster(mutual, { client }).tls).toMatchObject(secret);
  });
});
