import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { watchServices } from '../../mesh/develop-watch.ts';
import type { Problem } from '../../model/problem.ts';
import { BOX, buildBox } from '../support/docker-box.ts';
import { dockerCli, dockerExec } from '../support/docker-cli.ts';
import { removeImage } from '../support/docker-images.ts';
import { dockerBench, type Bench } from '../support/docker-mesh.ts';
import { describeWith } from '../support/requires.ts';

const IMAGE = `greenroom-test-watched:${process.pid}`;
/** Says which version of itself it is. */
const says = (version: string): string =>
  `console.log(${JSON.stringify(version)}); require('net').createServer().listen(8080);`;
const PATIENCE = { timeout: 60_000 };

describeWith('docker', 'develop.watch', () => {
  let context: string;
  let one: Bench;
  let watch: { close(): void } | null = null;
  let problems: (Problem | null)[] = [];

  const inside = async (path: string): Promise<string> =>
    (await dockerExec(one.container('web-0'), 'busybox', 'cat', path)).output;
  const said = (): string[] => one.logs.map(({ text }) => text);
  const containerId = () => dockerCli('inspect', '--format', '{{.Id}}', one.container('web-0'));

  beforeAll(buildBox);
  afterEach(async () => {
    watch?.close();
    await one.close();
    await rm(context, { recursive: true, force: true });
  });
  afterAll(() => removeImage(IMAGE).catch(() => undefined));

  it('copies, restarts and rebuilds; what was copied outlives a restart and ends with a rebuild', async () => {
    context = await mkdtemp(join(tmpdir(), 'greenroom-watch-'));
    await mkdir(join(context, 'src'));
    await writeFile(join(context, 'src', 'server.js'), says('first'));
    await writeFile(
      join(context, 'Dockerfile'),
      `FROM ${BOX}\nCOPY src /app\nCMD ["node", "/app/server.js"]\n`,
    );
    const rules = [
      { action: 'sync+restart', path: join(context, 'src'), target: '/app', ignore: ['*.txt'], include: [] },
      { action: 'sync', path: join(context, 'pages'), target: '/pages/deep', ignore: [], include: [] },
      { action: 'rebuild', path: join(context, 'Dockerfile'), target: null, ignore: [], include: [] },
    ] as const;
    one = await dockerBench([
      { name: 'web', image: IMAGE, build: { context }, container: { watch: rules, user: '7' } },
    ]);
    await one.up();
    const { updates } = one.runtime;
    if (!updates) throw new Error('a docker runtime takes updates');
    problems = [];
    watch = await watchServices({
      workloads: one.mesh.workloads,
      updates,
      instances: (id) => [`${id}-0`],
      told: (_workload, problem) => problems.push(problem),
      signal: new AbortController().signal,
    });
    const first = await containerId();

    await mkdir(join(context, 'pages'));
    await writeFile(join(context, 'pages', 'a.html'), 'a page');
    await expect.poll(() => inside('/pages/deep/a.html'), PATIENCE).toBe('a page');
    const owner = await dockerExec(
      one.container('web-0'),
      'busybox',
      'stat',
      '-c',
      '%u',
      '/pages/deep/a.html',
    );
    expect(owner.output).toBe('7');

    await writeFile(join(context, 'src', 'left-out.txt'), '');
    await writeFile(join(context, 'src', 'server.js'), says('second'));
    await expect.poll(said, PATIENCE).toContain('second');
    expect(await containerId(), 'in the same container').toBe(first);
    expect(
      said().filter((line) => line === 'first'),
      'its log is told once',
    ).toHaveLength(1);
    expect((await dockerExec(one.container('web-0'), 'busybox', 'ls', '/app')).output).toBe('server.js');
    expect(one.statuses.filter(({ status }) => status === 'restarting')).toEqual([
      { instance: 'web-0', status: 'restarting', detail: 'its files changed' },
    ]);

    await one.runtime.restart('web-0', new AbortController().signal);
    expect(await containerId()).not.toBe(first);
    await expect.poll(() => said().filter((line) => line === 'second').length, PATIENCE).toBe(2);
    expect(await inside('/pages/deep/a.html')).toBe('a page');

    const image = await dockerCli('inspect', '--format', '{{.Id}}', IMAGE);
    await writeFile(
      join(context, 'Dockerfile'),
      `FROM ${BOX}\nCOPY src /app\nENV BUILT=again\nCMD ["node", "/app/server.js"]\n`,
    );
    await expect.poll(() => said().filter((line) => line === 'second').length, PATIENCE).toBe(3);
    expect(await inside('/pages/deep/a.html'), 'the new image has none').toContain('No such file');
    await expect
      .poll(() => dockerCli('image', 'ls', '--all', '--no-trunc', '--quiet'), PATIENCE)
      .not.toContain(image);

    const built = await containerId();
    await writeFile(join(context, 'Dockerfile'), 'FROM scratch\nCOPY not-there /\n');
    await expect
      .poll(() => problems.at(-1)?.message, PATIENCE)
      .toMatch(/^a change of web could not be taken in: docker build of web .* failed \(.*not-there/s);
    expect(await containerId(), 'it goes on as it was').toBe(built);
  }, 180_000);

  it('restarts with what is copied beside a rebuild, in the same container where that changes nothing', async () => {
    context = await mkdtemp(join(tmpdir(), 'greenroom-watch-'));
    const dockerfile = `FROM ${BOX}\nCOPY first /app\nCMD ["node", "/app/server.js"]\n`;
    for (const name of ['first', 'src']) await mkdir(join(context, name));
    await writeFile(join(context, 'first', 'server.js'), says('first'));
    await writeFile(join(context, 'Dockerfile'), dockerfile);
    const rules = [
      { action: 'sync+restart', path: join(context, 'src'), target: '/app', ignore: [], include: [] },
      { action: 'rebuild', path: join(context, 'Dockerfile'), target: null, ignore: [], include: [] },
    ] as const;
    one = await dockerBench([{ name: 'web', image: IMAGE, build: { context }, container: { watch: rules } }]);
    await one.up();
    const { updates } = one.runtime;
    if (!updates) throw new Error('a docker runtime takes updates');
    watch = await watchServices({
      workloads: one.mesh.workloads,
      updates,
      instances: (id) => [`${id}-0`],
      told: () => undefined,
      signal: new AbortController().signal,
    });
    const before = await containerId();
    await writeFile(join(context, 'src', 'server.js'), says('second'));
    await writeFile(join(context, 'Dockerfile'), `# The same.\n${dockerfile}`);
    await expect.poll(said, PATIENCE).toContain('second');
    expect(await containerId()).toBe(before);

    await writeFile(join(context, 'src', 'server.js'), says('third'));
    await writeFile(
      join(context, 'Dockerfile'),
      `FROM ${BOX}\nENV BUILT=again\nCOPY src /app\nCMD ["node", "/app/server.js"]\n`,
    );
    await expect.poll(said, PATIENCE).toContain('third');
    expect(await containerId()).not.toBe(before);
    expect(
      one.statuses.filter(({ status }) => status === 'restarting'),
      'once a burst',
    ).toHaveLength(2);
  }, 180_000);

  it('starts from the image that was built while it was paused, though nothing is built anew by then', async () => {
    context = await mkdtemp(join(tmpdir(), 'greenroom-watch-'));
    const build = (version: string): Promise<void> =>
      writeFile(
        join(context, 'Dockerfile'),
        `FROM ${BOX}\nENV BUILT=${version}\nCMD ${JSON.stringify(['node', '-e', says(version)])}\n`,
      );
    await build('first');
    one = await dockerBench([{ name: 'web', image: IMAGE, build: { context }, container: {} }]);
    await one.up();
    const { updates } = one.runtime;
    const [workload] = one.mesh.workloads;
    if (!updates || !workload) throw new Error('a docker runtime takes updates');
    const { signal } = new AbortController();
    const old = await dockerCli('inspect', '--format', '{{.Id}}', IMAGE);
    await build('second');
    await one.runtime.pause('web-0');
    await expect(updates.rebuild(workload, signal)).rejects.toMatchObject({ code: 'paused' });
    await one.runtime.unpause('web-0');
    await updates.rebuild(workload, signal);
    await expect.poll(said, PATIENCE).toContain('second');
    expect(await dockerCli('image', 'ls', '--all', '--no-trunc', '--quiet')).not.toContain(old);
    const renewed = await containerId();
    await updates.rebuild(workload, signal);
    expect(await containerId(), 'the same image is no reason').toBe(renewed);
  }, 180_000);
});
