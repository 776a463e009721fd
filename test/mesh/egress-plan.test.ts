import { describe, expect, it } from 'vitest';
import { egressPlan } from '../../mesh/egress-plan.ts';
import type { BoundListener } from '../../proxy/snapshot.ts';
import { sampleMesh } from '../support/sample-mesh.ts';

const mesh = sampleMesh([{ name: 'web' }, { name: 'orders' }, { name: 'orders', namespace: 'billing' }]);
const bound = (instance: string, direction: BoundListener['direction'], key: string, port: number) => ({
  instance,
  direction,
  key,
  host: '127.0.0.1',
  port,
});

describe("an instance's way out", () => {
  it("never leads through another instance's listener, nor through one for what comes in", () => {
    const listeners = [
      bound('orders-0', 'outbound', 'http-proxy', 1),
      bound('orders-0', 'outbound', 'orders:80', 2),
      bound('web-0', 'inbound', 'http-proxy', 3),
      bound('web-0', 'inbound', 'orders:80', 4),
    ];
    expect(egressPlan(mesh, 'web-0', listeners)).toEqual({ httpProxy: null, peers: [] });
  });

  it('names each bound peer with its namespace, also where two have one name', () => {
    const listeners = [
      bound('web-0', 'outbound', 'http-proxy', 1),
      bound('web-0', 'outbound', 'orders:80', 2),
      bound('web-0', 'outbound', 'billing/orders:80', 3),
    ];
    const { httpProxy, peers } = egressPlan(mesh, 'web-0', listeners);
    expect(httpProxy).toEqual({ host: '127.0.0.1', port: 1 });
    expect(
      peers.map(({ service, namespace, port, listen }) => [service, namespace, port, listen.port]),
    ).toEqual([
      ['orders', 'shop', 80, 2],
      ['orders', 'billing', 80, 3],
    ]);
  });
});
