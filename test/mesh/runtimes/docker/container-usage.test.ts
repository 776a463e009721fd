import { expect, it } from 'vitest';
import { containerUsage } from '../../../../mesh/runtimes/docker/container-usage.ts';

const network = { rx_bytes: 5, tx_bytes: 7 };

it('is null of a container that doesn’t run, or isn’t there', () => {
  expect(containerUsage(null)).toBeNull();
  expect(containerUsage({ cpu_stats: { cpu_usage: { total_usage: 0 } }, memory_stats: {} })).toBeNull();
});

it.each([
  ['cgroups 1', { total_inactive_file: 30, inactive_file: 99 }],
  ['cgroups 2', { inactive_file: 30 }],
])('counts no cache that is given back on demand: %s', (_, stats) => {
  expect(
    containerUsage({
      cpu_stats: { cpu_usage: { total_usage: 26_235_000 } },
      memory_stats: { usage: 100, stats },
      networks: { eth0: network, eth1: network },
    }),
  ).toEqual({ cpuMicros: 26_235, memoryBytes: 70, network: { receivedBytes: 10, sentBytes: 14 } });
});
