import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { issueLeaf } from '../../../mesh/pki/issuer.ts';
import { CERTIFICATE_FAULTS, type CertificateFault } from '../../../mesh/pki/leaf.ts';
import { judgeCertificate } from '../../../wire/certificate-gate.ts';
import { readX509Extensions } from '../../../wire/x509-extensions.ts';
import { createScene, WEB, type Scene } from '../../support/mtls-listener.ts';

let scene: Scene;
let root: X509Certificate;
beforeAll(async () => {
  scene = await createScene();
  root = new X509Certificate(scene.root.certificatePem);
});

async function leafOf(fault: CertificateFault): Promise<X509Certificate> {
  return new X509Certificate(
    (await issueLeaf(scene.root, { spiffeId: WEB, fault }, scene.clock)).certificateChainPem,
  );
}

describe('faulty leaves', () => {
  it('of a rogue CA copy the name and the key identifier of the root, and fail only at the signature', async () => {
    const leaf = await leafOf('rogue-ca');
    expect([leaf.issuer === root.subject, leaf.checkIssued(root), leaf.verify(root.publicKey)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("of a workload bring the workload's genuine certificate along", async () => {
    const { certificateChainPem } = await issueLeaf(
      scene.root,
      { spiffeId: WEB, fault: 'workload-minted' },
      scene.clock,
    );
    const [minted = '', workload = ''] = certificateChainPem.split(/(?<=-----END CERTIFICATE-----\n)/);
    const parent = new X509Certificate(workload);
    expect([
      new X509Certificate(minted).verify(parent.publicKey),
      parent.verify(root.publicKey),
      parent.ca,
    ]).toEqual([true, true, false]);
  });

  it('are wrong in one way only: with that put right, the strictest profile takes them', async () => {
    for (const fault of CERTIFICATE_FAULTS) {
      const leaf = await leafOf(fault);
      const extensions = readX509Extensions(leaf.raw);
      if (!extensions) throw new Error(`${fault} can't be read`);
      const details = leaf.publicKey.asymmetricKeyDetails;
      const reachesRoot = leaf.verify(root.publicKey);
      const faults = [
        !reachesRoot,
        leaf.validFromDate.getTime() > Date.now() || leaf.validToDate.getTime() < Date.now(),
        extensions.uriSans.length !== 1 || extensions.uriSans[0] !== WEB,
        extensions.extendedKeyUsage?.length !== 2,
        extensions.ca,
        extensions.keyCertSign,
        (details?.modulusLength ?? 2048) < 2048,
      ].filter(Boolean);
      expect(faults, fault).toHaveLength(fault === 'none' ? 0 : 1);
    }
  });

  it("each are refused by the strictest profile, a good one isn't", async () => {
    for (const fault of CERTIFICATE_FAULTS) {
      const leaf = await leafOf(fault);
      const extensions = readX509Extensions(leaf.raw);
      if (!extensions) throw new Error(`${fault} can't be read`);
      const key = leaf.publicKey;
      const verdict = judgeCertificate(
        {
          facts: {
            subject: '',
            issuer: leaf.issuer,
            uriSans: extensions.uriSans,
            notBefore: leaf.validFromDate.getTime(),
            notAfter: leaf.validToDate.getTime(),
            fingerprint: '',
            keyType: key.asymmetricKeyType ?? '',
            keyBits: key.asymmetricKeyDetails?.modulusLength ?? 256,
          },
          chain: { error: null, reachesRoot: leaf.verify(root.publicKey), selfSigned: leaf.verify(key) },
          readable: true,
          ...extensions,
        },
        {
          profile: 'spiffe',
          trustDomain: 'cluster.local',
          trustDomainAliases: [],
          nowMs: scene.clock.now(),
          role: 'client',
        },
      );
      expect(verdict.ok, fault).toBe(fault === 'none');
    }
  });
});
