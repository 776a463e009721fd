import { describe, expect, it } from 'vitest';
import { statusLines } from '../../cli/status-command.ts';

const session = {
  id: '20260131t120500-a1b2c3',
  mesh: 'shop',
  root: '/home/me/shop',
  startedAt: '2026-01-31T12:05:00.000Z',
  process: 4711,
  pods: [],
  engineAway: null,
  processes: [],
  usage: {},
};

describe('greenroom status', () => {
  it('says of a container without rules that it has none', () => {
    expect(
      statusLines({
        ...session,
        runtime: 'docker',
        pods: [
          { instance: 'orders-0', container: null, refusals: null },
          {
            instance: 'billing/payments-0',
            container: 'running',
            refusals: { tcp: 10, udp: 1, dns: 1, other: 0, inbound: 0 },
          },
        ],
      }),
    ).toEqual([
      'shop: session 20260131t120500-a1b2c3 (docker, process 4711), /home/me/shop',
      '  orders-0            no container  no rules in force',
      '  billing/payments-0  running       12 refused: 10 tcp, 1 udp, 1 dns',
    ]);
  });

  it('names the process of each instance where there are no containers', () => {
    expect(
      statusLines({ ...session, runtime: 'process', processes: [{ instance: 'orders-0', pid: 4712 }] })[1],
    ).toBe('  orders-0  process 4712');
  });

  it('tells beside an instance what it uses and about what its sidecar costs, and nothing that isn’t measured', () => {
    const rate = { cpu: 0.125, memoryBytes: 30_100_000, received: null, sent: null, sidecarCpu: 0.0104 };
    const processes = [
      { instance: 'orders-0', pid: 4712 },
      { instance: 'web-0', pid: 4713 },
    ];
    const usage = {
      'orders-0': rate,
      'web-0': { ...rate, cpu: null, received: 1500, sent: 12, sidecarCpu: null },
    };
    expect(statusLines({ ...session, runtime: 'process', processes, usage }).slice(1)).toEqual([
      '  orders-0  process 4712  12.5 % cpu, 30.1 MB, sidecar ≈ 1.0 %',
      '  web-0     process 4713  30.1 MB, in 1.5 kB/s, out 12 B/s',
    ]);
  });
});
