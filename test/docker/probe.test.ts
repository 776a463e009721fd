import { expect, it } from 'vitest';
import { connectEngine, type Engine, type EngineFacts } from '../../mesh/runtimes/docker/engine.ts';
import { probeDocker } from '../../mesh/runtimes/docker/probe.ts';
import { dockerCli } from '../support/docker-cli.ts';
import { describeWith } from '../support/requires.ts';

const pretending = async (facts: Partial<EngineFacts>): Promise<Engine> => {
  const engine = await connectEngine();
  const real = await engine.facts();
  engine.facts = () => Promise.resolve({ ...real, ...facts });
  return engine;
};

describeWith('docker', 'a probe of the engine', () => {
  it.each([
    ['Docker Desktop', { operatingSystem: 'Docker Desktop' }],
    ['rootless', { rootless: true }],
    ['windows containers', { containerOs: 'windows' }],
  ])('says why %s can’t be used yet', async (what, facts) => {
    const probe = await probeDocker(() => pretending(facts));
    expect(probe).toMatchObject({ available: false, driver: 'relay' });
    expect(probe.reason).toContain(what);
  });

  it('tells the version of the one that is here', async () => {
    expect(await probeDocker()).toEqual({
      available: true,
      version: await dockerCli('version', '--format', '{{.Server.Version}}'),
      reason: null,
      driver: 'gateway',
    });
  });
});
