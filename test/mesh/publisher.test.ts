import { describe, expect, it } from 'vitest';
import { compileMeshPolicies } from '../../mesh/mesh-policies.ts';
import { Publisher } from '../../mesh/publisher.ts';
import type { SnapshotInput } from '../../mesh/snapshot.ts';
import { Secret } from '../../model/secret.ts';
import { fakeDataPlane } from '../support/fake-data-plane.ts';
import { sampleMesh } from '../support/sample-mesh.ts';

const mesh = sampleMesh([{ name: 'web' }]);
const first: SnapshotInput = {
  mesh,
  policies: compileMeshPolicies(mesh),
  clockOffsetMs: 0,
  trustBundlePem: ['root'],
  gateProfile: 'istio',
  placements: new Map([
    [
      'web-0',
      {
        instance: 'web-0',
        inboundHost: '127.0.0.1',
        outboundHost: '127.0.0.1',
        upstreams: [{ port: 8080, host: '127.0.0.1', upstreamPort: 1 }],
        allowedOutboundPeers: [],
      },
    ],
  ]),
  credentials: new Map([
    ['web-0', { certificateChainPem: '', privateKey: new Secret(''), notBefore: 0, notAfter: 0 }],
  ]),
  unavailable: new Set(),
};

describe('publishing', () => {
  it('takes a refused change back: the next one starts from what is in force', async () => {
    const { dataPlane, snapshots } = fakeDataPlane({ refuse: ({ clockOffsetMs }) => clockOffsetMs === 1 });
    const publisher = new Publisher(dataPlane, first, () => undefined);
    await publisher.publish({});
    expect(await publisher.publish({ clockOffsetMs: 1 })).toMatchObject({ kind: 'nack', inForce: 1 });
    expect(publisher).toMatchObject({ published: 2, inForce: 1 });
    await publisher.publish({ trustBundlePem: ['root', 'next'] });
    expect(snapshots.at(-1)).toMatchObject({
      version: 3,
      clockOffsetMs: 0,
      trustBundlePem: ['root', 'next'],
    });
  });

  it('has one snapshot under way at a time, in the order asked, each with the changes before it', async () => {
    const { dataPlane, snapshots } = fakeDataPlane();
    let underWay = 0;
    let most = 0;
    const publish: typeof dataPlane.publish = async (snapshot) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await Promise.resolve();
      underWay -= 1;
      return await dataPlane.publish(snapshot);
    };
    const publisher = new Publisher({ ...dataPlane, publish }, first, () => undefined);
    void publisher.publish({ clockOffsetMs: 1 });
    void publisher.publish({ trustBundlePem: ['other'] });
    void publisher.publish({ gateProfile: 'spiffe' });
    await publisher.settled();
    expect(most).toBe(1);
    expect(snapshots.map(({ version }) => version)).toEqual([1, 2, 3]);
    expect(snapshots[2]).toMatchObject({
      clockOffsetMs: 1,
      trustBundlePem: ['other'],
      gateProfile: 'spiffe',
    });
  });

  it('rejects when there is no data plane any more, and goes on with the next', async () => {
    const { dataPlane } = fakeDataPlane();
    let calls = 0;
    const publish: typeof dataPlane.publish = (snapshot) => {
      calls += 1;
      return calls === 1 ? Promise.reject(new Error('gone')) : dataPlane.publish(snapshot);
    };
    const publisher = new Publisher({ ...dataPlane, publish }, first, () => undefined);
    await expect(publisher.publish({})).rejects.toThrow('gone');
    expect(publisher.inForce).toBeNull();
    expect(await publisher.publish({})).toMatchObject({ kind: 'ack', version: 2 });
  });
});
