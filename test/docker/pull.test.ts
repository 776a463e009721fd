import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PullRule } from '../../model/container.ts';
import { type ImageProgress, sumLayers } from '../../model/image-progress.ts';
import { buildBox } from '../support/docker-box.ts';
import { dockerCli, dockerTry, inEngine } from '../support/docker-cli.ts';
import { dockerBench, type Bench, type ServiceShape } from '../support/docker-mesh.ts';
import { launcher } from '../support/greenroom.ts';
import { eventually } from '../support/patience.ts';
import {
  forget,
  heldDoor,
  type HeldDoor,
  loggedIn,
  pushImage,
  type Registry,
  startRegistry,
  USER,
} from '../support/registry.ts';
import { describeWith, firstMissing } from '../support/requires.ts';

const NOBODY = '127.0.0.1:1';

function layersOf(progress: ImageProgress | undefined) {
  return progress?.work.kind === 'pull' ? progress.work.layers : [];
}

describeWith(firstMissing('docker', 'registry'), 'images that the engine lacks', () => {
  const benches: Bench[] = [];
  const closing: (() => Promise<void>)[] = [];
  let registry: Registry;

  const bench = async (...services: readonly ServiceShape[]): Promise<Bench> => {
    const made = await dockerBench(services);
    benches.push(made);
    return made;
  };
  const service = (name: string, image: string, pull?: PullRule): ServiceShape => ({
    name,
    image,
    ports: [],
    ...(pull ? { container: { pull } } : {}),
  });
  const pushed = async (repository: string, layerBytes: readonly number[], tag = '1'): Promise<string> => {
    const reference = await pushImage(registry, { repository, tag, layerBytes });
    closing.push(() => forget(reference));
    return reference;
  };
  const door = async (bytes: number): Promise<HeldDoor> => {
    const made = await heldDoor(registry, bytes);
    closing.push(made.close);
    return made;
  };

  beforeAll(async () => {
    await buildBox();
    registry = await startRegistry();
  });
  afterEach(async () => {
    for (const made of benches.splice(0)) await made.close();
    for (const close of closing.splice(0).toReversed()) await close();
  });
  afterAll(async () => await registry.close());

  it('doesn’t begin without one that the registry hasn’t got: all are named at once, each at its service', async () => {
    const one = await bench(
      service('orders', `${registry.host}/no-such/image:1`),
      service('other', `${registry.host}/no-such/other:2`),
    );
    await expect(one.prepare()).rejects.toMatchObject({
      code: 'image-missing',
      hint: 'check its name and tag',
      lines: [
        expect.stringMatching(/greenroom\.yaml:1:1: orders runs \S+no-such\/image:1: \S+ has no such image/),
        expect.stringMatching(/greenroom\.yaml:2:1: other runs \S+no-such\/other:2: \S+ has no such image/),
      ],
    });
    expect(await inEngine(`dev.greenroom.session=${one.sessionId}`)).toEqual([]);
    expect(one.images.map(({ status }) => status).filter((status) => status === 'failed')).toHaveLength(2);
  });

  it('says that the registry can’t be reached', async () => {
    const one = await bench(service('orders', `${NOBODY}/orders:1`));
    await expect(one.prepare()).rejects.toMatchObject({
      code: 'image-missing',
      message: expect.stringContaining(`${NOBODY} can't be reached: connection refused`),
    });
  });

  it('gives up a pull under way when another image can’t be had', async () => {
    const image = await pushed('given-up', [3_000_000]);
    const held = await door(500_000);
    const one = await bench(
      service('slow', image.replace(registry.host, held.host)),
      service('orders', `${registry.host}/no-such/image:1`, { when: 'always' }),
    );
    await expect(one.prepare()).rejects.toMatchObject({ code: 'image-missing' });
    expect(one.images.findLast(({ image: of }) => of.startsWith(held.host))?.status).toBe('stopped');
  });

  it('a stop aborts the pull: the engine lets go of the registry', async () => {
    const size = 24_000_000;
    const image = await pushed('stopped', [size]);
    const held = await door(500_000);
    const one = await bench(service('slow', image.replace(registry.host, held.host)));
    const stop = new AbortController();
    const preparing = one.prepare(stop.signal);
    preparing.catch(() => undefined);
    await held.held;
    expect(held.open()).toBeGreaterThan(0);
    stop.abort(new Error('asked to stop'));
    await expect(preparing).rejects.toThrow('asked to stop');
    // An engine looks up from a read when something comes.
    held.release();
    await eventually('the engine lets go of the registry', () => held.open() === 0);
    expect(held.passed()).toBeLessThan(size);
    expect(one.images.at(-1)?.status).toBe('stopped');
    expect((await dockerTry('image', 'inspect', image.replace(registry.host, held.host))).code).not.toBe(0);
  });

  it('the bytes told are those that the registry’s manifest has: each layer once, never more than there are', async () => {
    const image = await pushed('told', [2_000_000, 700_000, 40]);
    const sizes = await registry.layers('told', '1');
    const one = await bench(service('orders', image));
    await one.prepare();
    const layers = layersOf(one.images.at(-1));
    expect(new Map(layers.map(({ id, doneBytes }) => [id, doneBytes]))).toEqual(sizes);
    expect(new Map(layers.map(({ id, totalBytes }) => [id, totalBytes]))).toEqual(sizes);
    expect(one.images.at(-1)?.status).toBe('done');
    for (const progress of one.images) {
      for (const { id, doneBytes } of layersOf(progress))
        expect(doneBytes).toBeLessThanOrEqual(sizes.get(id) ?? 0);
    }
  });

  it('two images with layers in common: both are pulled at once, and what they share counts once', async () => {
    const base = await pushed('base', [1_500_000]);
    await dockerCli('pull', '--quiet', base);
    const second = await pushImage(registry, { repository: 'second', layerBytes: [300_000], from: base });
    closing.push(() => forget(second));
    await forget(base);
    const one = await bench(service('orders', base), service('other', second));
    await one.prepare();
    const lasts = [base, second].map((of) => layersOf(one.images.findLast(({ image }) => image === of)));
    const sizes = new Map([
      ...(await registry.layers('base', '1')),
      ...(await registry.layers('second', '1')),
    ]);
    const sum = [...sizes.values()].reduce((total, size) => total + size, 0);
    expect(sumLayers(lasts)).toEqual({
      doneBytes: sum,
      totalBytes: sum,
      unknown: 0,
      doneLayers: sizes.size,
      layers: sizes.size,
    });
  });

  it('a layer that the engine has counts no bytes', async () => {
    const base = await pushed('had', [900_000]);
    await dockerCli('pull', '--quiet', base);
    const more = await pushImage(registry, { repository: 'more', layerBytes: [200_000], from: base });
    closing.push(() => forget(more));
    const one = await bench(service('orders', more));
    await one.prepare();
    const layers = layersOf(one.images.at(-1));
    expect(layers.map(({ status }) => status).toSorted()).toEqual(['done', 'kept', 'kept']);
    const had = await registry.layers('had', '1');
    const fresh = [...(await registry.layers('more', '1'))].filter(([id]) => !had.has(id));
    expect(sumLayers([layers]).doneBytes).toBe(fresh[0]?.[1]);
  });

  it('fetches only the tag that is meant where none is written', async () => {
    const latest = await pushed('tags', [1000], 'latest');
    const other = await pushed('tags', [1000], 'other');
    const one = await bench(service('orders', `${registry.host}/tags`));
    await one.prepare();
    expect((await dockerTry('image', 'inspect', latest)).code).toBe(0);
    expect((await dockerTry('image', 'inspect', other)).code).not.toBe(0);
  });

  describe('the rule of a service', () => {
    it('never: isn’t fetched, and says so', async () => {
      const image = await pushed('never', [1000]);
      const one = await bench(service('orders', image, { when: 'never' }));
      await expect(one.prepare()).rejects.toMatchObject({
        code: 'image-missing',
        message: expect.stringContaining('`pull_policy` forbids to fetch it'),
        hint: `docker pull ${image}`,
      });
      expect(one.images).toEqual([]);
    });

    it('missing: isn’t asked for where the engine has it; always: is, and a newer one is taken', async () => {
      const image = await pushed('moving', [1000]);
      await dockerCli('pull', '--quiet', image);
      const before = await dockerCli('image', 'inspect', '--format', '{{.Id}}', image);
      const quiet = await bench(service('orders', image, { when: 'missing' }));
      await quiet.prepare();
      expect(quiet.images).toEqual([]);
      // Only naming it notes a time: engines of before containerd's store note none at a pull.
      await dockerCli('tag', before, image);
      const older = await bench(service('orders', image, { when: 'older', thanMs: 3_600_000 }));
      await older.prepare();
      expect(older.images).toEqual([]);
      // The tag moves on in the registry; the engine is left with the old image.
      await pushImage(registry, { repository: 'moving', layerBytes: [2000] });
      await dockerCli('tag', before, image);
      const keen = await bench(service('orders', image, { when: 'always' }));
      await keen.prepare();
      expect(keen.images.at(-1)?.status).toBe('done');
      expect(await dockerCli('image', 'inspect', '--format', '{{.Id}}', image)).not.toBe(before);
      await forget(before);
    });

    it('older: is fetched where the engine has had it for longer', async () => {
      const image = await pushed('aged', [1000]);
      await dockerCli('pull', '--quiet', image);
      const one = await bench(service('orders', image, { when: 'older', thanMs: 0 }));
      await one.prepare();
      expect(one.images.at(-1)?.status).toBe('done');
    });

    it('what can be built is built where it can’t be fetched, step by step', async () => {
      const context = await mkdtemp(join(tmpdir(), 'greenroom-build-'));
      const image = `${registry.host}/built/here:1`;
      closing.push(async () => {
        await forget(image);
        await rm(context, { recursive: true, force: true });
      });
      await writeFile(join(context, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\nENV A=1\n');
      const one = await bench({
        ...service('orders', image, { when: 'always' }),
        build: { context },
      });
      await one.prepare();
      const [pull, build] = ['pull', 'build'].map((kind) =>
        one.images.findLast(({ work }) => work.kind === kind),
      );
      expect(pull).toMatchObject({ status: 'stopped', error: expect.stringContaining('has no such image') });
      expect(build?.status).toBe('done');
      const work = build?.work.kind === 'build' ? build.work : null;
      expect(work?.totalSteps).toBeGreaterThan(0);
      expect(work?.doneSteps).toBe(work?.totalSteps);
    });
  });
});

describeWith(firstMissing('docker', 'registry'), 'a registry that wants credentials', () => {
  let registry: Registry;
  let image = '';
  let folder = '';
  const before = { DOCKER_CONFIG: process.env['DOCKER_CONFIG'], PATH: process.env['PATH'] };
  const benches: Bench[] = [];

  const pulling = async (): Promise<Bench> => {
    const made = await dockerBench([{ name: 'orders', image, ports: [] }]);
    benches.push(made);
    return made;
  };

  beforeAll(async () => {
    await buildBox();
    registry = await startRegistry('for its user');
    folder = await mkdtemp(join(tmpdir(), 'greenroom-docker-config-'));
    process.env['DOCKER_CONFIG'] = folder;
    await loggedIn(registry.host, folder);
    image = await pushImage(registry, { repository: 'kept', layerBytes: [1000] });
  });
  afterEach(async () => {
    for (const made of benches.splice(0)) await made.close();
    await forget(image);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await registry.close();
  });

  const configured = async (value: object): Promise<void> =>
    await writeFile(join(folder, 'config.json'), JSON.stringify(value));

  it('is told of no password where there is none, and the hint is to log in', async () => {
    await configured({});
    await expect((await pulling()).prepare()).rejects.toMatchObject({
      code: 'image-missing',
      message: expect.stringContaining('wants credentials'),
      hint: `docker login ${registry.host}`,
    });
  });

  it('wrong ones are refused, and are in no message', async () => {
    const auth = Buffer.from(`${USER.name}:an-old-password`).toString('base64');
    await configured({ auths: { [registry.host]: { auth } } });
    const one = await pulling();
    const refusal: unknown = await one.prepare().catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'image-missing',
      message: expect.stringContaining('wants credentials'),
    });
    const told = JSON.stringify([refusal, (refusal as Error).message, one.images, one.statuses]);
    expect(told).not.toContain('an-old-password');
    expect(told).not.toContain(auth);
  });

  it('a credential helper that isn’t there is named', async () => {
    await configured({ credsStore: 'no-such-helper' });
    await expect((await pulling()).prepare()).rejects.toMatchObject({
      hint: expect.stringContaining("docker-credential-no-such-helper can't be run"),
    });
  });

  it('gets those of docker login', async () => {
    await loggedIn(registry.host, folder);
    const one = await pulling();
    await one.prepare();
    expect(one.images.at(-1)?.status).toBe('done');
  });

  it('gets those of the credential helper', async () => {
    const helper = join(folder, 'docker-credential-test');
    await writeFile(
      helper,
      `#!/bin/sh\nread -r server\n[ "$1 $server" = "get ${registry.host}" ] || { echo 'credentials not found'; exit 1; }\necho '{"ServerURL":"${registry.host}","Username":"${USER.name}","Secret":"${USER.password}"}'\n`,
    );
    await chmod(helper, 0o700);
    process.env['PATH'] = `${folder}${delimiter}${before.PATH}`;
    await configured({ credHelpers: { [registry.host]: 'test' } });
    const one = await pulling();
    await one.prepare();
    expect(one.images.at(-1)?.status).toBe('done');
  });
});

describeWith(firstMissing('docker', 'registry'), 'a Ctrl-C while an image is pulled', () => {
  it('ends greenroom with 130, says what it gave up, and leaves nothing', async () => {
    const registry = await startRegistry();
    const size = 24_000_000;
    const pushed = await pushImage(registry, { repository: 'app', layerBytes: [size] });
    const held = await heldDoor(registry, 500_000);
    const folder = await mkdtemp(join(tmpdir(), 'greenroom-pull-'));
    try {
      const image = pushed.replace(registry.host, held.host);
      await writeFile(
        join(folder, 'greenroom.yaml'),
        `apiVersion: greenroom.dev/v1\nkind: Mesh\nmetadata: { name: pulling }\nspec:\n  namespace: shop\n  services:\n    app: { image: '${image}' }\n`,
      );
      const child = spawn(process.execPath, [launcher, 'up'], {
        cwd: folder,
        env: { ...process.env, GREENROOM_DATA_DIR: join(folder, 'data'), NO_COLOR: '1' },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      await Promise.race([held.held, ended]);
      await eventually('the pull is told', () => said.includes(`pulling ${image}: `));
      child.kill('SIGINT');
      expect(await ended).toBe(130);
      expect(said).toContain(`gave up pulling ${image}`);
      held.release();
      await eventually('the engine lets go of the registry', () => held.open() === 0);
      expect(held.passed()).toBeLessThan(size);
      expect((await inEngine()).filter((name) => name.includes('app-0'))).toEqual([]);
    } finally {
      await held.close();
      await registry.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
