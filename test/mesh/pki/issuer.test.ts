import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { issueLeaf, issueServerCertificate } from '../../../mesh/pki/issuer.ts';
import { createRoot } from '../../../mesh/pki/root.ts';
import { createClock } from '../../../model/clock.ts';
import { createScene, listen, tlsClient, WEB } from '../../support/mtls-listener.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

describe('good leaves', () => {
  it('are issued for SPIFFE ids only', async () => {
    const { root, clock } = await createScene();
    for (const spiffeId of [
      '',
      'web',
      'spiffe://Cluster.local/ns/shop/sa/web',
      'spiffe://cluster.local/ns/shop/sa/web\n',
      'https://a/b',
    ]) {
      await expect(issueLeaf(root, { spiffeId, fault: 'none' }, clock)).rejects.toThrow('not a SPIFFE id');
    }
  });

  it('are what Istio issues: no subject, one critical URI SAN, both purposes, 24 h, a key of their own', async () => {
    const { root, clock } = await createScene();
    const leaf = await issueLeaf(root, { spiffeId: WEB, fault: 'none' }, clock);
    const certificate = new X509Certificate(leaf.certificateChainPem);
    expect(certificate.subject ?? '').toBe('');
    expect(certificate.subjectAltName).toBe(`URI:${WEB}`);
    expect(certificate.ca).toBe(false);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(certificate.verify(new X509Certificate(root.certificatePem).publicKey)).toBe(true);
    expect(createPublicKey(createPrivateKey(leaf.privateKey.reveal())).equals(certificate.publicKey)).toBe(
      true,
    );
    expect([leaf.notBefore, leaf.notAfter]).toEqual([
      certificate.validFromDate.getTime(),
      certificate.validToDate.getTime(),
    ]);
    expect(Math.abs(leaf.notAfter - clock.now() - DAY_MS)).toBeLessThan(60_000);
  });

  it('never share a serial number or a key', async () => {
    const { root, clock } = await createScene();
    const issued = await Promise.all(
      Array.from({ length: 20 }, () => issueLeaf(root, { spiffeId: WEB, fault: 'none' }, clock)),
    );
    expect(
      new Set(issued.map((leaf) => new X509Certificate(leaf.certificateChainPem).serialNumber)).size,
    ).toBe(20);
    expect(new Set(issued.map((leaf) => leaf.privateKey.reveal())).size).toBe(20);
  });

  it("are valid by the session's clock and by the wall's, wherever the session's clock was moved", async () => {
    const wallMs = Date.UTC(2026, 0, 1);
    for (const offsetMs of [0, 40 * DAY_MS, -40 * DAY_MS]) {
      const clock = createClock(() => wallMs, offsetMs);
      const leaf = await issueLeaf(
        await createRoot({ name: 'shop' }, clock),
        { spiffeId: WEB, fault: 'none' },
        clock,
      );
      for (const at of [wallMs, wallMs + offsetMs])
        expect(leaf.notBefore < at && at < leaf.notAfter, `${offsetMs}`).toBe(true);
    }
  });

  it('end after the seconds they were asked to live, expired and future ones around now', async () => {
    const clock = createClock(() => Date.UTC(2026, 0, 1));
    const root = await createRoot({ name: 'shop' }, clock);
    const short = await issueLeaf(root, { spiffeId: WEB, fault: 'none', ttlMs: 3_000 }, clock);
    expect(short.notAfter - clock.now()).toBe(3_000);
    expect((await issueLeaf(root, { spiffeId: WEB, fault: 'expired' }, clock)).notAfter).toBeLessThan(
      clock.now(),
    );
    expect(
      (await issueLeaf(root, { spiffeId: WEB, fault: 'not-yet-valid' }, clock)).notBefore,
    ).toBeGreaterThan(clock.now());
  });
});

describe('certificates for names of the DNS', () => {
  it('are nobody in the mesh: names and a server’s purpose, and a sidecar refuses who shows one', async () => {
    const scene = await createScene();
    const { root, clock } = scene;
    const leaf = await issueServerCertificate(
      root,
      { dnsNames: ['a.example', '*.b.example'], ttlMs: DAY_MS },
      clock,
    );
    const certificate = new X509Certificate(leaf.certificateChainPem);
    expect(certificate.subjectAltName).toBe('DNS:a.example, DNS:*.b.example');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(certificate.ca).toBe(false);
    const at = await listen(scene, { mode: 'STRICT' });
    try {
      const [result, end] = await Promise.all([at.next(), tlsClient(at.port, { leaf })]);
      expect(result).toMatchObject({ kind: 'refused', details: 'tls: CERTIFICATE_VERIFY_FAILED' });
      expect(end.got).toBe('');
      expect(at.received).toEqual([]);
    } finally {
      await at.close();
    }
  });
});
