import { describe, expect, it } from 'vitest';
import { sidecarHeaders } from '../../wire/connection-manager-headers.ts';

const own = 'spiffe://cluster.local/ns/shop/sa/cart';
const client = {
  fingerprint: 'f',
  subject: '',
  uriSans: ['spiffe://cluster.local/ns/shop/sa/web'],
  dnsSans: [],
};

describe('sidecarHeaders', () => {
  it('removes a client certificate that came over plaintext', () => {
    const headers = sidecarHeaders([['x-forwarded-client-cert', 'URI=forged']], {
      ownSpiffeId: own,
      tls: false,
      client: null,
    });
    expect(headers).toEqual([['x-forwarded-proto', 'http']]);
  });

  it('keeps one that came over mutual TLS, and appends the caller’s', () => {
    const headers = sidecarHeaders([['x-forwarded-client-cert', 'URI=forged']], {
      ownSpiffeId: own,
      tls: true,
      client,
    });
    expect(headers).toEqual([
      ['x-forwarded-client-cert', `URI=forged,By=${own};Hash=f;Subject="";URI=${client.uriSans[0]}`],
      ['x-forwarded-proto', 'https'],
    ]);
  });

  it('believes a client’s scheme', () => {
    const headers = sidecarHeaders([['x-forwarded-proto', 'ftp']], {
      ownSpiffeId: own,
      tls: true,
      client: null,
    });
    expect(headers).toEqual([['x-forwarded-proto', 'ftp']]);
  });
});
