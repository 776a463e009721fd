/** What `up` says of services. */
import { describe, expect, it } from 'vitest';
import { countLine, engineChanges, instanceChanges, serviceLines } from '../../cli/service-lines.ts';
import type { InstanceStatus, SessionState, WorkloadState } from '../../model/session-state.ts';
import { webService } from '../support/web-service.ts';

function state(status: InstanceStatus, detail: string | null = null): SessionState {
  return { phase: 'running', workloads: [webService(status, detail)] } as unknown as SessionState;
}

describe('instanceChanges', () => {
  it('tells of a service that failed, with the reason, and of its return', () => {
    expect(instanceChanges(state('ready'), state('restarting', 'exited with 1\u001b[2J'))).toEqual([
      'web-0 is restarting: exited with 1\\u{1b}[2J',
    ]);
    expect(instanceChanges(state('restarting'), state('ready'))).toEqual(['web-0 is ready again']);
  });

  it('tells of one that was paused, and that it goes on', () => {
    expect(instanceChanges(state('ready'), state('paused'))).toEqual(['web-0 is paused']);
    expect(instanceChanges(state('paused'), state('ready'))).toEqual(['web-0 goes on']);
  });

  it('tells of an instance that joins, and of one that leaves: why, and when it is gone', () => {
    const nobody: SessionState = { ...state('ready'), workloads: [webService(null)] };
    expect(instanceChanges(nobody, state('pending'))).toEqual(['web-0 joins']);
    expect(instanceChanges(state('starting'), state('ready'))).toEqual(['web-0 is ready']);
    expect(instanceChanges(state('ready'), state('stopping', 'scaled down'))).toEqual([
      'web-0 is stopping: scaled down',
    ]);
    expect(instanceChanges(state('stopping'), nobody)).toEqual(['web-0 is gone']);
  });

  it('says nothing of what did not change, nor of the end of a session', () => {
    expect(instanceChanges(state('ready'), state('ready'))).toEqual([]);
    expect(instanceChanges(state('ready'), { ...state('stopped'), phase: 'stopping' })).toEqual([]);
  });
});

describe('engineChanges', () => {
  const away = { ...state('ready'), engineAbsence: { why: 'nobody listens\u001b[2J', since: 1 } };
  const there = { ...state('ready'), engineAbsence: null };

  it('tells of an engine that went away, why, and what to do; and of its return', () => {
    expect(engineChanges(there, away)).toEqual([
      'the Docker engine is away: nobody listens\\u{1b}[2J',
      expect.stringContaining('hint: start it again'),
    ]);
    expect(engineChanges(away, there)).toEqual(['the Docker engine is back']);
  });

  it('says nothing of one that stays as it was', () => {
    expect(engineChanges(there, there)).toEqual([]);
    expect(engineChanges(away, away)).toEqual([]);
  });
});

describe('serviceLines', () => {
  it('names the service, its ports and identity, and where a request can be sent', () => {
    const lines = serviceLines(webService('ready'), {
      listeners: () => [
        { instance: 'web-0', direction: 'outbound', key: '8080', host: '127.0.0.1', port: 1 },
        { instance: 'web-0', direction: 'inbound', key: '8080', host: '127.0.0.1', port: 2 },
      ],
      applicationAddress: () => ({ host: '127.0.0.1', port: 3 }),
    });
    expect(lines).toEqual([
      '  web  80 http STRICT  spiffe://cluster.local/ns/shop/sa/web',
      '      the service itself      http://127.0.0.1:3',
      '      its sidecar, for anyone http://127.0.0.1:2',
    ]);
  });

  it('names every door of a gateway, where it is open', () => {
    const ports = [80, 443].map(
      (port) => ({ name: '', port, targetPort: port, protocol: 'http', mtls: 'DISABLE' }) as const,
    );
    const gateway: WorkloadState = { ...webService('ready'), kind: 'gateway', ports };
    const lines = serviceLines(gateway, {
      listeners: () => [
        { instance: 'web-0', direction: 'inbound', key: '443', host: '127.0.0.1', port: 8443 },
      ],
      applicationAddress: () => null,
    });
    expect(lines).toEqual([
      '  web  80 http DISABLE, 443 http DISABLE  spiffe://cluster.local/ns/shop/sa/web',
      '      port 443, for anyone    127.0.0.1:8443',
    ]);
    expect(countLine({ workloads: [webService('ready'), gateway] })).toBe('1 service and 1 gateway');
    expect(countLine({ workloads: [webService('ready')] })).toBe('1 service');
  });

  it('names no address that there is not', () => {
    expect(
      serviceLines(webService('pending'), { listeners: () => [], applicationAddress: () => null }),
    ).toHaveLength(1);
  });
});
