import { describe, expect, it } from 'vitest';
import { forwardedClientCert } from '../../wire/forwarded-client-cert.ts';

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

  it('quotes the subject', () => {
    const subject = { ...web, subject: 'CN="x"' };
    expect(forwardedClientCert([], 'spiffe://a', subject)).toContain('Subject="CN=\\"x\\""');
  });
});
