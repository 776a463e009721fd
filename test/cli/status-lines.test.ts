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
});
