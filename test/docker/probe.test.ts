import { beforeAll, expect, it } from 'vitest';
import { connectEngine } from '../../mesh/runtimes/docker/dockerode-engine.ts';
import type { Engine } from '../../mesh/runtimes/docker/engine.ts';
import type { EngineFacts } from '../../mesh/runtimes/docker/engine-facts.ts';
import { thisOwner } from '../../mesh/runtimes/docker/labels.ts';
import { probeDocker, probeDriver } from '../../mesh/runtimes/docker/probe.ts';
import { buildBox } from '../support/docker-box.ts';
import { dockerCli, inEngine } from '../support/docker-cli.ts';
import { describeWith } from '../support/requires.ts';

const OWNER = thisOwner('a realm of this test');

const pretending = async (facts: Partial<EngineFacts>): Promise<Engine> => {
  const engine = await connectEngine();
  const real = await engine.facts();
  engine.facts = () => Promise.resolve({ ...real, ...facts });
  return engine;
};

describeWith('docker', 'a probe of the engine', () => {
  beforeAll(() => buildBox());

  it('says why one of windows containers can’t be used', async () => {
    const probe = await probeDocker(() => pretending({ containerOs: 'windows' }));
    expect(probe).toMatchObject({ available: false });
    expect(probe.reason).toContain('windows containers');
  });

  it('tells the version of the one that is here', async () => {
    expect(await probeDocker()).toEqual({
      available: true,
      version: await dockerCli('version', '--format', '{{.Server.Version}}'),
      reason: null,
    });
  });

  it('finds that a container here reaches this machine, and leaves nothing', async () => {
    expect(await probeDriver(OWNER)).toMatchObject({ driver: 'gateway' });
    expect((await inEngine()).filter((name) => name.includes(`doctor-${process.pid}`))).toEqual([]);
  });

  it('has names of its own each time: another machine’s may have the same process id on this engine', async () => {
    const drivers = (await Promise.all([probeDriver(OWNER), probeDriver(OWNER)])).map(({ driver }) => driver);
    expect(drivers).toEqual(['gateway', 'gateway']);
  });

  it('finds the relay necessary where the engine’s bridges are on another machine', async () => {
    const elsewhere = await connectEngine();
    const { createNetwork } = elsewhere;
    // Its gateway isn't where we look for it, as with an engine in a machine of its own.
    elsewhere.createNetwork = (spec) =>
      createNetwork.call(elsewhere, { ...spec, gateway: inner(spec.gateway) });
    const { driver, why } = await probeDriver(OWNER, () => Promise.resolve(elsewhere));
    expect([driver, why]).toEqual([
      'relay',
      expect.stringMatching(/^the engine's bridge \S+ is not on this machine$/),
    ]);
  });

  it('finds it necessary too where no container gets through to the bridge', async () => {
    const walled = await connectEngine();
    const { createContainer } = walled;
    // The container is there and its calls go nowhere, as behind a firewall that drops them.
    walled.createContainer = (spec) => createContainer.call(walled, { ...spec, network: 'none' });
    const { driver, why } = await probeDriver(OWNER, () => Promise.resolve(walled));
    expect([driver, why]).toEqual(['relay', expect.stringMatching(/^no container reaches this machine/)]);
    expect((await inEngine()).filter((name) => name.includes(`doctor-${process.pid}`))).toEqual([]);
  });
});

function inner(gateway: string): string {
  return gateway.replace(/\d+$/, (last) => String(Number(last) + 3));
}
