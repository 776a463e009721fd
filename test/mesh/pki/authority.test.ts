import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAuthority, type MeshAuthority } from '../../../mesh/pki/authority.ts';
import { createRoot } from '../../../mesh/pki/root.ts';
import { createScene, WEB } from '../../support/mtls-listener.ts';

/** Which of the given roots signed a leaf that the authority issues now. */
async function signerNow(authority: MeshAuthority, roots: readonly string[]): Promise<number> {
  const leaf = new X509Certificate(
    (await authority.issue({ spiffeId: WEB, fault: 'none' })).certificateChainPem,
  );
  return roots.findIndex((pem) => leaf.verify(new X509Certificate(pem).publicKey));
}

async function scene() {
  const { root, clock } = await createScene();
  const next = await createRoot({ name: 'shop' }, clock);
  return {
    authority: createAuthority(root, clock),
    next,
    old: root.certificatePem,
    young: next.certificatePem,
  };
}

describe('rotation of the root', () => {
  it("leaves everything as it was when the data plane doesn't take the first bundle", async () => {
    const { authority, next, old, young } = await scene();
    const steps = { publish: () => Promise.reject(new Error('nack')), renewLeaves: () => Promise.resolve() };
    await expect(authority.rotateRoot(next, steps)).rejects.toThrow('nack');
    expect(authority.trustBundlePem()).toEqual([old]);
    expect(await signerNow(authority, [old, young])).toBe(0);
  });

  it('keeps trusting both roots when renewing the leaves fails half way', async () => {
    const { authority, next, old, young } = await scene();
    const steps = { publish: () => Promise.resolve(), renewLeaves: () => Promise.reject(new Error('nack')) };
    await expect(authority.rotateRoot(next, steps)).rejects.toThrow('nack');
    expect(authority.trustBundlePem()).toEqual([young, old]);
    expect(await signerNow(authority, [old, young])).toBe(0);
  });

  it('refuses a second rotation while one is under way', async () => {
    const { authority, next } = await scene();
    const { promise, resolve } = Promise.withResolvers<void>();
    const steps = { publish: () => promise, renewLeaves: () => Promise.resolve() };
    const first = authority.rotateRoot(next, steps);
    await expect(authority.rotateRoot(next, steps)).rejects.toThrow('already');
    resolve();
    await first;
  });

  it('trusts every root that a leaf in use was signed by, at every step', async () => {
    const { authority, next, old, young } = await scene();
    const seen: [trusted: readonly string[], signer: number][] = [];
    const look = async (): Promise<void> => {
      seen.push([authority.trustBundlePem(), await signerNow(authority, [old, young])]);
    };
    await look();
    await authority.rotateRoot(next, { publish: look, renewLeaves: look });
    expect(seen).toEqual([
      [[old], 0],
      [[young, old], 0],
      [[young, old], 1],
      [[young], 1],
    ]);
  });
});
