import { describe, expect, it } from 'vitest';
import { forwardedClientCert, gatewayClientCert } from '../../wire/forwarded-client-cert.ts';

const web = {
  fingerprint: 'ab',
  subject: '',
  uriSans: ['spiffe://cluster.local/ns/shop/sa/web'],
  dnsSans: [],
};
const ours =
  'By=spiffe://cluster.local/ns/shop/sa/cart;Hash=ab;Subject="";URI=spiffe://cluster.local/ns/shop/sa/web';

describe('forwardedClientCert', () => {
  it('removes a client’s own field over plaintext', () => {
    const forged: [string, string][] = [['x-forwarded-client-cert', 'URI=spiffe://forged']];
    expect(forwardedClientCert(forged, 'spiffe://cluster.local/ns/shop/sa/cart', null)).toBeNull();
  });

  it('keeps a forged element over mutual TLS and appends ours', () => {
    const forged: [string, string][] = [['x-forwarded-client-cert', 'URI=spiffe://forged']];
    expect(forwardedClientCert(forged, 'spiffe://cluster.local/ns/shop/sa/cart', web)).toBe(
      `URI=spiffe://forged,${ours}`,
    );
  });

  it('takes no other field into it', () => {
    const other: [string, string][] = [['x-client-cert', 'URI=spiffe://forged']];
    expect(forwardedClientCert(other, 'spiffe://cluster.local/ns/shop/sa/cart', web)).toBe(ours);
  });

  it('says who it is told to, when one client is told to two', () => {
    const told = ['spiffe://a', 'spiffe://b'].map((own) => forwardedClientCert([], own, web));
    expect(told.map((text) => text?.split(';')[0])).toEqual(['By=spiffe://a', 'By=spiffe://b']);
  });

  it('names the first URI and every DNS name', () => {
    const many = { ...web, uriSans: ['spiffe://x', 'spiffe://y'], dnsSans: ['a.example', 'b.example'] };
    expect(forwardedClientCert([], 'spiffe://a', many)).toBe(
      'By=spiffe://a;Hash=ab;Subject="";URI=spiffe://x;DNS=a.example;DNS=b.example',
    );
  });

  it('quotes the subject', () => {
    const subject = { ...web, subject: 'CN="x"' };
    expect(forwardedClientCert([], 'spiffe://a', subject)).toContain('Subject="CN=\\"x\\""');
  });
});

describe('gatewayClientCert', () => {
  it('has no certificate where the client’s is not known as text', () => {
    expect(gatewayClientCert('spiffe://cluster.local/ns/shop/sa/cart', null)).toBeNull();
    expect(gatewayClientCert('spiffe://cluster.local/ns/shop/sa/cart', web)).toBe(ours);
  });
});
