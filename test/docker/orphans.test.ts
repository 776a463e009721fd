import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { connectEngine } from '../../mesh/runtimes/docker/dockerode-engine.ts';
import { OWNER_LABEL, thisOwner } from '../../mesh/runtimes/docker/labels.ts';
import { dockerOrphans, findDockerOrphans } from '../../mesh/runtimes/docker/orphans.ts';
import { thisRealm } from '../../mesh/runtimes/docker/realm.ts';
import { BOX, buildBox, ECHO_SERVICE, startSleeper } from '../support/docker-box.ts';
import { dockerCli, inEngine } from '../support/docker-cli.ts';
import { dockerBench } from '../support/docker-mesh.ts';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { describeWith } from '../support/requires.ts';

const DECOY = `greenroom-decoy-${process.pid}`;

describeWith('docker', 'what a killed session leaves in the engine', () => {
  const victims: ChildProcess[] = [];

  let folder: Folder;

  const killedSession = async (): Promise<string> => {
    const program = fileURLToPath(new URL('../support/docker-victim.ts', import.meta.url));
    const victim = spawn(process.execPath, [program, folder.path], { stdio: ['ignore', 'pipe', 'inherit'] });
    victims.push(victim);
    const [output] = (await once(victim.stdout, 'data')) as [Buffer];
    const ended = once(victim, 'close');
    victim.kill('SIGKILL');
    await ended;
    return output.toString().trim();
  };
  const decoy = async (name: string, owner: object): Promise<void> => {
    const labels = [
      '--label',
      'dev.greenroom.session=decoy',
      '--label',
      `${OWNER_LABEL}=${JSON.stringify(owner)}`,
    ];
    await startSleeper(name, ...labels);
  };

  beforeAll(async () => {
    await buildBox();
    folder = await temporaryFolder();
  });
  afterAll(() => folder?.remove());
  afterEach(async () => {
    for (const victim of victims.splice(0)) victim.kill('SIGKILL');
    for (const suffix of ['elsewhere', 'nonsense'])
      await dockerCli('rm', '--force', `${DECOY}-${suffix}`).catch(() => '');
  });

  it('is nothing of a living session, of another machine’s, or without a readable owner', async () => {
    const living = await dockerBench([{ name: 'orders', image: BOX, command: ECHO_SERVICE }], {
      dataDir: folder.path,
    });
    const realm = thisRealm(folder.path);
    try {
      await living.up();
      await decoy(`${DECOY}-elsewhere`, {
        ...thisOwner('another machine'),
        pid: 999_999_999,
        startedAt: '1',
      });
      await decoy(`${DECOY}-nonsense`, { pid: 'x' });
      const found = await findDockerOrphans(await connectEngine(), realm);
      const names = found.map(({ name }) => name);
      expect(names.filter((name) => name.includes(living.sessionId) || name.startsWith(DECOY))).toEqual([]);
    } finally {
      await living.close();
    }
  });

  it('is found, named, and removed on request', async () => {
    const session = await killedSession();
    const left = await inEngine(`dev.greenroom.session=${session}`);
    expect(left).toHaveLength(4);
    const orphans = (await dockerOrphans(folder.path).find([])).filter(
      (orphan) => orphan.session === session,
    );
    expect(orphans.map(({ name }) => name).sort()).toEqual(left);
    expect(orphans.map(({ kind, mesh }) => `${kind} of ${mesh}`).sort()).toEqual([
      'container of test',
      'container of test',
      'network of test',
      'volume of test',
    ]);
    expect(orphans[0]?.description).toContain('orders-0 of test: container greenroom-');
    await Promise.all(orphans.map((orphan) => orphan.remove()));
    expect(await inEngine(`dev.greenroom.session=${session}`)).toEqual([]);
  });

  it('isn’t found by another data folder, be it on a machine that looks the same', async () => {
    const session = await killedSession();
    const other = await temporaryFolder();
    const found = async (dataDir: string) =>
      (await dockerOrphans(dataDir).find([])).filter((orphan) => orphan.session === session);
    try {
      thisRealm(other.path);
      expect(await found(other.path)).toEqual([]);
      const own = await found(folder.path);
      expect(own).toHaveLength(4);
      await Promise.all(own.map((orphan) => orphan.remove()));
    } finally {
      await other.remove();
    }
  });

  it('goes with its network, when only that is asked for', async () => {
    const session = await killedSession();
    const orphans = (await dockerOrphans(folder.path).find([])).filter(
      (orphan) => orphan.session === session,
    );
    await orphans.find(({ kind }) => kind === 'network')?.remove();
    expect(await inEngine(`dev.greenroom.session=${session}`)).toEqual([`greenroom-${session}-data-volume`]);
    await orphans.find(({ kind }) => kind === 'volume')?.remove();
    expect(await inEngine(`dev.greenroom.session=${session}`)).toEqual([]);
  });

  it('goes with its volume, when only that is asked for, but for its network', async () => {
    const session = await killedSession();
    const orphans = (await dockerOrphans(folder.path).find([])).filter(
      (orphan) => orphan.session === session,
    );
    await orphans.find(({ kind }) => kind === 'volume')?.remove();
    expect(await inEngine(`dev.greenroom.session=${session}`)).toEqual([`greenroom-${session}-orders-0`]);
    await orphans.find(({ kind }) => kind === 'network')?.remove();
    expect(await inEngine(`dev.greenroom.session=${session}`)).toEqual([]);
  });
});
