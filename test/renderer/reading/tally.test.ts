import { describe, expect, it } from 'vitest';
import { COMPLETED, type InstanceState, type WorkloadState } from '../../../model/session-state.ts';
import { strictTally, upTally } from '../../../renderer/reading/tally.ts';
import { shopState } from '../fixtures/session.ts';

const { workloads } = shopState();

function job(over: Partial<InstanceState>): WorkloadState {
  const [web] = workloads;
  const [instance] = web?.instances ?? [];
  if (!web || !instance) throw new Error('the shop has a web');
  return { ...web, id: 'migrate', name: 'migrate', ports: [], instances: [{ ...instance, ...over }] };
}

describe('the top bar', () => {
  it('is not up while a service is stopped, paused or has failed', () => {
    const tally = (status: InstanceState['status']) =>
      upTally([...workloads, job({ status, detail: 'why' })]);
    expect(tally('stopped')).toEqual({ up: 5, all: 6, health: 'starting' });
    expect(tally('paused')).toEqual({ up: 5, all: 6, health: 'starting' });
    expect(tally('failed')).toEqual({ up: 5, all: 6, health: 'failed' });
  });

  it('doesn’t wait for a job that has ended well', () => {
    const done = job({ status: 'stopped', detail: COMPLETED });
    expect(upTally([...workloads, done])).toEqual({ up: 5, all: 5, health: 'ready' });
  });

  it('counts a port that takes plaintext against mutual TLS', () => {
    const [web, ...others] = workloads;
    const open = web && {
      ...web,
      ports: web.ports.map((port) => ({ ...port, mtls: 'PERMISSIVE' as const })),
    };
    expect(strictTally(open ? [open, ...others] : [])).toEqual({ strict: 4, all: 5 });
  });

  it('doesn’t say of a service without ports that it takes plaintext, nor of a gateway', () => {
    const gateway: WorkloadState = { ...job({}), kind: 'gateway', ports: workloads[0]?.ports ?? [] };
    expect(strictTally([...workloads, job({}), gateway])).toEqual({ strict: 5, all: 5 });
  });
});
