import { describe, expect, it } from 'vitest';
import { containerBody, type ContainerSpec } from '../../../../mesh/runtimes/docker/container-body.ts';
import { valueAt } from '../../../../model/compose/compose-source.ts';
import { containerOptions } from '../../../support/docker-mesh.ts';

const SPEC: ContainerSpec = {
  name: 'n',
  image: 'i',
  labels: {},
  network: 'net',
  capabilitiesDropped: ['NET_RAW'],
};
const host = (more: Partial<ContainerSpec>, key: string): unknown =>
  valueAt(containerBody({ ...SPEC, ...more }), ['HostConfig', key]);
const options = (some: Parameters<typeof containerOptions>[0]): Partial<ContainerSpec> => ({
  options: containerOptions(some),
});

describe('the body of a container', () => {
  it('asks for no privilege, no device and no namespace of the host, whatever the options', () => {
    const words = JSON.stringify(containerBody({ ...SPEC, ...options({}) }));
    expect(words).not.toMatch(/Privileged|Devices|PidMode|IpcMode|UsernsMode|UTSMode/);
  });

  it('restarts nothing by the engine: it would outlive us', () => {
    expect(host(options({ restart: { when: 'always', attempts: null } }), 'RestartPolicy')).toEqual({
      Name: 'no',
    });
  });

  it('leaves limits that nobody wrote to the engine', () => {
    expect(containerBody({ ...SPEC, ...options({}) })).toMatchObject({
      HostConfig: { Ulimits: [], Mounts: [] },
    });
    expect(host(options({}), 'Memory')).toBeUndefined();
  });

  it('has processors in billionths and times in nanoseconds', () => {
    expect(host(options({ limits: { processors: 0.5, memory: 1024 } }), 'NanoCpus')).toBe(500_000_000);
    const body = containerBody({
      ...SPEC,
      ...options({ healthcheck: { test: ['CMD', 'true'], intervalMs: 250 } }),
    });
    expect(valueAt(body, ['Healthcheck'])).toEqual({
      Test: ['CMD', 'true'],
      Interval: 250_000_000,
      Timeout: 0,
      StartPeriod: 0,
      Retries: 0,
    });
  });

  it('empties an image’s entry point by one empty word', () => {
    expect(valueAt(containerBody({ ...SPEC, ...options({ entrypoint: [] }) }), ['Entrypoint'])).toEqual(['']);
  });

  it('mounts binds, volumes, and tmpfs apart from them', () => {
    const mounts = options({
      mounts: [
        { kind: 'bind', source: '/a', target: '/b', access: 'read-only', propagation: 'rslave' },
        { kind: 'volume', name: 'v', target: '/v', access: 'read-write', copied: 'never' },
        { kind: 'volume', name: null, target: '/w', access: 'read-write', copied: 'at-first' },
        { kind: 'tmpfs', target: '/t', options: 'size=1m' },
      ],
    });
    expect(host(mounts, 'Mounts')).toEqual([
      { Type: 'bind', Source: '/a', Target: '/b', ReadOnly: true, BindOptions: { Propagation: 'rslave' } },
      { Type: 'volume', Source: 'v', Target: '/v', ReadOnly: false, VolumeOptions: { NoCopy: true } },
      { Type: 'volume', Target: '/w', ReadOnly: false },
    ]);
    expect(host(mounts, 'Tmpfs')).toEqual({ '/t': 'size=1m' });
  });
});
