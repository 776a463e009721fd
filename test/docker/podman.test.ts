/** Podman's socket: what of Docker's API the runtime needs and Podman has (docs/engines.md tells what isn't known). */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isSubnetTaken } from '../../mesh/runtimes/docker/engine-errors.ts';
import { connectEngine } from '../../mesh/runtimes/docker/dockerode-engine.ts';
import type { Engine } from '../../mesh/runtimes/docker/engine.ts';
import { ensureHelperImage } from '../../mesh/runtimes/docker/helper-image.ts';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { eventually } from '../support/patience.ts';
import { describeWith } from '../support/requires.ts';

const PATIENCE_MS = 120_000;
const LABEL = 'dev.greenroom.test';

describeWith('podman', 'Podman’s socket', () => {
  let folder: Folder;
  let service: ChildProcess;
  let engine: Engine;

  beforeAll(async () => {
    folder = await temporaryFolder();
    const at = (name: string): string => join(folder.path, name);
    const places = ['--root', at('root'), '--runroot', at('run'), '--network-config-dir', at('nets')];
    service = spawn(
      'podman',
      [...places, '--storage-driver', 'vfs', 'system', 'service', '--time=0', `unix://${at('socket')}`],
      { stdio: 'ignore' },
    );
    await eventually('its socket', () => existsSync(at('socket')), 60_000);
    engine = await connectEngine({ url: `unix://${at('socket')}`, from: 'DOCKER_HOST' });
  }, PATIENCE_MS);
  afterAll(async () => {
    const ended = new Promise((resolve) => service.once('exit', resolve));
    service.kill();
    await ended;
    await folder.remove();
  }, PATIENCE_MS);

  it('is known to be Podman', async () => {
    expect(await engine.facts()).toMatchObject({ product: 'Podman', containerOs: 'linux' });
  });

  it(
    'takes the helper image, under its tag',
    async () => {
      const image = await ensureHelperImage(engine, new AbortController().signal);
      expect(await engine.hasImage(image)).toBe(true);
      expect(await engine.hasImage(image.replace(/:.*/, ':another'))).toBe(false);
    },
    PATIENCE_MS,
  );

  it('makes a labelled network once, and says that its addresses are taken', async () => {
    const spec = { subnet: '198.18.255.8/29', gateway: '198.18.255.9', labels: { [LABEL]: 'x' } };
    const id = await engine.createNetwork({ ...spec, name: 'greenroom-test-one' });
    const again = await engine
      .createNetwork({ ...spec, name: 'greenroom-test-two' })
      .catch((error: unknown) => error);
    expect(isSubnetTaken(again)).toBe(true);
    expect((await engine.networks(LABEL)).map(({ name }) => name)).toEqual(['greenroom-test-one']);
    await engine.removeNetwork(id);
    expect(await engine.networks(LABEL)).toEqual([]);
  });
});
