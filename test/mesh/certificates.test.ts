import { afterEach, describe, expect, it } from 'vitest';
import { Certificates } from '../../mesh/certificates.ts';
import { createClock } from '../../model/clock.ts';
import { Secret } from '../../model/secret.ts';
import { eventually } from '../support/patience.ts';
import { sampleMesh } from '../support/sample-mesh.ts';

const HOUR = 60 * 60 * 1000;
let opened: Certificates | null = null;
afterEach(() => opened?.close());

function certificates(ttlMs: number, renewed: () => Promise<void> = async () => undefined) {
  const clock = createClock(() => 1_000_000);
  let issued = 0;
  const mesh = sampleMesh([{ name: 'web' }, { name: 'orders', replicas: 2 }]);
  const made = new Certificates({
    mesh: () => mesh,
    authority: {
      issue: async ({ spiffeId }) => {
        issued += 1;
        return {
          certificateChainPem: `${spiffeId} ${issued}`,
          privateKey: new Secret(''),
          notBefore: clock.now(),
          notAfter: clock.now() + ttlMs,
        };
      },
    },
    clock,
    ttlMs,
    random: () => 1,
    renewed,
  });
  opened = made;
  return { made, clock, issued: () => issued };
}

describe('certificates', () => {
  it('are one for each instance, of its own identity', async () => {
    const { made } = certificates(24 * HOUR);
    const leaves = await made.issueAll();
    expect([...leaves.keys()]).toEqual(['web-0', 'orders-0', 'orders-1']);
    expect(leaves.get('orders-1')?.certificateChainPem).toContain('/sa/orders');
    expect(made.validity('nobody')).toBe(null);
  });

  it('that were not taken are not shown as if they were', async () => {
    const { made, clock } = certificates(24 * HOUR, () => Promise.reject(new Error('refused')));
    await made.issueAll();
    const before = made.validity('web-0');
    clock.move(HOUR);
    await expect(made.rotate()).rejects.toThrow('refused');
    expect(made.validity('web-0')).toEqual(before);
  });

  it("are renewed at half of their life, give or take a hundredth, by the session's clock", async () => {
    let renewals = 0;
    const { made, clock, issued } = certificates(24 * HOUR, async () => {
      renewals += 1;
    });
    await made.issueAll();
    expect(made.validity('web-0')?.renewAt).toBe(1_000_000 + 24 * HOUR * 0.51);
    clock.move(12 * HOUR);
    made.schedule();
    clock.move(HOUR);
    made.schedule();
    await eventually('the renewal', () => renewals === 1);
    expect(issued()).toBe(6);
    expect(made.validity('web-0')?.renewAt).toBe(1_000_000 + 13 * HOUR + 24 * HOUR * 0.51);
  });

  it('are not renewed any more after the end', async () => {
    const { made, clock, issued } = certificates(HOUR);
    await made.issueAll();
    made.close();
    clock.move(HOUR);
    made.schedule();
    await new Promise((resolve) => setImmediate(resolve));
    expect(issued()).toBe(3);
  });
});
