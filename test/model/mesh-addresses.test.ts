import { isIPv4 } from 'node:net';
import { describe, expect, it } from 'vitest';
import { clusterAddress, podAddress } from '../../model/mesh-addresses.ts';

describe('the addresses of a thousand workloads', () => {
  const workloads = Array.from({ length: 1_000 }, (_, index) => index);
  const pods = workloads.flatMap((index) => [podAddress(index, 0), podAddress(index, 99)]);
  const services = workloads.map(clusterAddress);

  it('are addresses', () => {
    expect([...pods, ...services].filter((address) => !isIPv4(address))).toEqual([]);
  });

  it('are nobody else’s', () => {
    expect(new Set([...pods, ...services]).size).toBe(3_000);
  });

  it('leave those of gateways alone', () => {
    expect(pods.filter((address) => address.startsWith('10.244.254.'))).toEqual([]);
  });
});

it('the first workloads have the addresses that they always had', () => {
  expect([podAddress(0, 0), podAddress(1, 1), clusterAddress(1)]).toEqual([
    '10.244.1.1',
    '10.244.2.2',
    '10.96.0.2',
  ]);
});
