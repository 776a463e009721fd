import { afterAll, beforeAll, expect, it } from 'vitest';
import { usageRate, type UsageSample } from '../../model/usage.ts';
import { BOX, buildBox, ECHO_SERVICE } from '../support/docker-box.ts';
import { dockerBench, type Bench, knock } from '../support/docker-mesh.ts';
import { eventually } from '../support/patience.ts';
import { describeWith } from '../support/requires.ts';

describeWith('docker', 'what containers use', () => {
  let bench: Bench;
  const sample = async (): Promise<UsageSample> => ({
    atMs: performance.now(),
    services: await bench.runtime.usage(),
    sidecars: null,
  });

  beforeAll(async () => {
    await buildBox();
    bench = await dockerBench([
      { name: 'orders', image: BOX, command: ECHO_SERVICE },
      { name: 'busy', image: BOX, command: ['node', '-e', 'for (;;);'], ports: [] },
    ]);
    await bench.up();
  });
  afterAll(async () => await bench.close());

  it('is told of each that runs: processor, memory, and the network of its pod', async () => {
    const before = await sample();
    expect(Object.keys(before.services).toSorted()).toEqual(['busy-0', 'orders-0']);
    const upstream = bench.placements.find(({ instance }) => instance === 'orders-0')?.upstreams[0];
    expect(await knock(upstream?.host ?? '', upstream?.upstreamPort ?? 0)).toBe('ping');
    const rates = await eventually('the echo is counted', async () => {
      const now = await sample();
      const orders = usageRate('orders-0', before, now);
      return (orders.received ?? 0) > 0 && (orders.sent ?? 0) > 0
        ? { orders, busy: usageRate('busy-0', before, now) }
        : null;
    });
    expect(rates.orders.memoryBytes).toBeGreaterThan(1_000_000);
    expect(rates.busy.cpu).toBeGreaterThan(rates.orders.cpu ?? 1);
  });

  it('isn’t told of one that stopped', async () => {
    await bench.runtime.stopInstance('busy-0', 0);
    expect(Object.keys(await bench.runtime.usage())).toEqual(['orders-0']);
  });
});
