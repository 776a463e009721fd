import { describe, expect, it } from 'vitest';
import { statusLines } from '../../cli/status-command.ts';
import type { InstanceStatus } from '../../model/session-state.ts';

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
  instances: [],
};

function said(id: string, status: InstanceStatus, detail: string | null = null) {
  return { id, status, detail, restarts: 0 };
}

describe('greenroom status', () => {
  it('says of a container without rules that it has none', () => {
    expect(
      statusLines({
        ...session,
        runtime: 'docker',
        instances: [said('orders-0', 'stopped'), said('billing/payments-0', 'ready')],
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
      '  billing/payments-0  ready    container running  12 refused: 10 tcp, 1 udp, 1 dns',
      '  orders-0            stopped  no container       no rules in force',
    ]);
  });

  it('leaves out no instance that stands still, and says of each how it is', () => {
    const instances = [
      said('web-0', 'paused'),
      said('api-1', 'restarting', 'api-1 exited with code 3; starts again in 250 ms'),
      said('api-0', 'stopped'),
    ];
    const processes = [{ instance: 'web-0', pid: 4713 }];
    expect(statusLines({ ...session, runtime: 'process', instances, processes }).slice(1)).toEqual([
      '  api-0  stopped',
      '  api-1  restarting                  api-1 exited with code 3; starts again in 250 ms',
      '  web-0  paused      process 4713',
    ]);
  });

  it('shows control bytes of a detail instead of obeying them', () => {
    const escape = String.fromCharCode(27);
    const instances = [said('web-0', 'failed', `bad ${escape}[2J`)];
    expect(statusLines({ ...session, runtime: 'process', instances }).join()).not.toContain(escape);
  });

  it('claims nothing of a container that is none of ours', () => {
    const instances = [said('ledger-0', 'ready')];
    expect(statusLines({ ...session, runtime: 'docker', instances })[1]).toBe('  ledger-0  ready');
  });

  it('names the process of each instance where there are no containers', () => {
    expect(
      statusLines({ ...session, runtime: 'process', processes: [{ instance: 'orders-0', pid: 4712 }] })[1],
    ).toBe('  orders-0  unknown  process 4712');
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
      '  orders-0  unknown  process 4712  12.5 % cpu, 30.1 MB, sidecar ≈ 1.0 %',
      '  web-0     unknown  process 4713  30.1 MB, in 1.5 kB/s, out 12 B/s',
    ]);
  });
});
