import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectEngine } from '../../mesh/runtimes/docker/dockerode-engine.ts';
import type { Engine } from '../../mesh/runtimes/docker/engine.ts';
import { sampleUsage } from '../../mesh/sample-usage.ts';
import { usageRate, type UsageSample } from '../../model/usage.ts';
import { BOX, buildBox, ECHO_SERVICE } from '../support/docker-box.ts';
import { dockerBench, type Bench, knock } from '../support/docker-mesh.ts';
import { eventually } from '../support/patience.ts';
import { REFUSAL } from '../support/refusing-engine.ts';
import { describeWith } from '../support/requires.ts';

describeWith('docker', 'what containers use', () => {
  let bench: Bench;
  let engine: Engine;
  const sample = async (): Promise<UsageSample> => ({
    atMs: performance.now(),
    services: await bench.runtime.usage(),
    sidecars: null,
  });

  beforeAll(async () => {
    await buildBox();
    engine = await connectEngine();
    bench = await dockerBench(
      [
        { name: 'orders', image: BOX, command: ECHO_SERVICE },
        { name: 'busy', image: BOX, command: ['node', '-e', 'for (;;);'], ports: [] },
      ],
      { connect: () => Promise.resolve(engine) },
    );
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

  it('is told of the others where the engine can’t measure one', async () => {
    const { usage } = engine;
    let asked = 0;
    engine.usage = (id) => {
      asked += 1;
      return asked === 1 ? Promise.reject(new Error(REFUSAL)) : usage.call(engine, id);
    };
    try {
      const { services } = await sampleUsage(bench.runtime, null);
      expect([asked, Object.keys(services).length]).toEqual([2, 1]);
    } finally {
      engine.usage = usage;
    }
  });

  it('isn’t told of one that stopped', async () => {
    await bench.runtime.stopInstance('busy-0', 0);
    expect(Object.keys(await bench.runtime.usage())).toEqual(['orders-0']);
  });
});
