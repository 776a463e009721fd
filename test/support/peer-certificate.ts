/** A peer's certificate as the gate sees it. */
import type { PeerCertificate } from '../../wire/certificate-gate.ts';

export const WEB = 'spiffe://cluster.local/ns/shop/sa/web';
/** Extended key usages. */
export const EKU = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' };

type Change = Partial<Omit<PeerCertificate, 'facts' | 'chain'>> & {
  facts?: Partial<PeerCertificate['facts']>;
  chain?: Partial<PeerCertificate['chain']>;
};

/** One of `web`, which nothing speaks against but the change; valid from 1,000 to 9,000. */
export function peerCertificate({ facts, chain, ...more }: Change = {}): PeerCertificate {
  return {
    facts: {
      subject: 'CN=web',
      issuer: 'CN=root',
      uriSans: [WEB],
      notBefore: 1_000,
      notAfter: 9_000,
      fingerprint: 'ab',
      keyType: 'ec',
      keyBits: 256,
      ...facts,
    },
    chain: { error: null, reachesRoot: true, selfSigned: false, ...chain },
    names: [WEB],
    readable: true,
    ca: false,
    keyCertSign: false,
    extendedKeyUsage: [EKU.server, EKU.client],
    ...more,
  };
}
