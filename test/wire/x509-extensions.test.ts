import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { CERTIFICATE_FAULTS, type CertificateFault } from '../../mesh/pki/leaf.ts';
import { issueLeaf } from '../../mesh/pki/issuer.ts';
import { generateEcKeyPair, issueCertificate, keyIdOf } from '../../mesh/pki/x509.ts';
import { readX509Extensions } from '../../wire/x509-extensions.ts';
import { createScene, WEB } from '../support/mtls-listener.ts';
import { runs } from '../support/runs.ts';

let ders: Map<CertificateFault, Buffer>;
beforeAll(async () => {
  const { root, clock } = await createScene();
  ders = new Map();
  for (const fault of CERTIFICATE_FAULTS) {
    const leaf = await issueLeaf(root, { spiffeId: WEB, fault }, clock);
    ders.set(fault, new X509Certificate(leaf.certificateChainPem).raw);
  }
});

const of = (fault: CertificateFault): Buffer => ders.get(fault) ?? Buffer.alloc(0);

async function withSans(uriSans: string[], dnsSans: string[] = []): Promise<Buffer> {
  const keys = await generateEcKeyPair();
  const plan = {
    subject: { commonName: 'x' },
    publicKey: keys.publicKey,
    notBefore: 0,
    notAfter: 86_400_000,
    ca: false,
    keyUsage: ['digitalSignature'] as const,
    extendedKeyUsage: null,
    uriSans,
    dnsSans,
  };
  const signer = {
    privateKey: keys.privateKey,
    subject: { commonName: 'x' },
    keyId: keyIdOf(keys.publicKey),
  };
  return new X509Certificate(issueCertificate(plan, signer)).raw;
}

describe('extensions of a certificate', () => {
  it('refuses a URI name with a NUL, a blank or a byte beyond ASCII', async () => {
    for (const odd of ['\0', '\0/x', ' ', '\n', '\x7f', 'é']) {
      expect(
        readX509Extensions(await withSans([`spiffe://cluster.local/ns/shop/sa/web${odd}`])),
        JSON.stringify(odd),
      ).toBeNull();
    }
  });

  it('keeps a name that looks like a list as one name', async () => {
    const name = 'spiffe://cluster.local/a,URI:spiffe://cluster.local/b,DNS:c';
    expect(readX509Extensions(await withSans([name, WEB]))?.uriSans).toEqual([name, WEB]);
  });

  it('tells names of every kind in order, and none that holds a blank, a NUL or a byte beyond ASCII', async () => {
    const dnsSans = ['a b', 'a\0b', 'é', 'a,DNS:b', 'good.example'];
    expect(readX509Extensions(await withSans([WEB], dnsSans))?.names).toEqual([
      WEB,
      'a,DNS:b',
      'good.example',
    ]);
  });

  it('refuses a certificate that was cut anywhere, or has bytes behind it', () => {
    const der = of('none');
    for (let length = 0; length < der.length; length += 1)
      expect(readX509Extensions(der.subarray(0, length))).toBeNull();
    expect(readX509Extensions(Buffer.concat([der, Buffer.from([0])]))).toBeNull();
  });

  it('never throws on damaged bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(700), fc.nat(255)), { minLength: 1, maxLength: 5 }), (damage) => {
        const der = Buffer.from(of('two-uri-sans'));
        for (const [at, value] of damage) if (at < der.length) der[at] = value;
        readX509Extensions(der);
      }),
      { numRuns: runs(3_000) },
    );
  });

  it('agrees with OpenSSL on every root of the public web', () => {
    expect(rootCertificates.length).toBeGreaterThan(50);
    for (const pem of rootCertificates) {
      const certificate = new X509Certificate(pem);
      const read = readX509Extensions(certificate.raw);
      expect(read, certificate.subject).not.toBeNull();
      // X.509 v1 roots say nothing of CA; OpenSSL takes those that signed themselves for one.
      if (read?.keyCertSign) expect(read.ca).toBe(certificate.ca);
      expect(read?.extendedKeyUsage ?? undefined).toEqual(certificate.keyUsage);
    }
  });

  it('reads what each leaf says', () => {
    const both = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'];
    const good = { uriSans: [WEB], names: [WEB], ca: false, keyCertSign: false, extendedKeyUsage: both };
    expect(readX509Extensions(of('none'))).toEqual(good);
    expect(readX509Extensions(of('rsa-1024'))).toEqual(good);
    expect(readX509Extensions(of('ca-true'))).toEqual({ ...good, ca: true });
    expect(readX509Extensions(of('key-cert-sign'))).toEqual({ ...good, keyCertSign: true });
    expect(readX509Extensions(of('no-eku'))).toEqual({ ...good, extendedKeyUsage: null });
    expect(readX509Extensions(of('server-auth-only'))).toEqual({
      ...good,
      extendedKeyUsage: both.slice(0, 1),
    });
    expect(readX509Extensions(of('no-uri-san'))).toEqual({ ...good, uriSans: [], names: ['cluster.local'] });
    expect(readX509Extensions(of('two-uri-sans'))?.uriSans).toHaveLength(2);
  });
});
