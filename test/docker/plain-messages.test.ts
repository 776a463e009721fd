import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { connectEngine } from '../../mesh/runtimes/docker/dockerode-engine.ts';
import type { Engine } from '../../mesh/runtimes/docker/engine.ts';
import { removeLabelled } from '../../mesh/runtimes/docker/removal.ts';
import { BOX, buildBox, ECHO_SERVICE } from '../support/docker-box.ts';
import { dockerCli, dockerExec, inEngine } from '../support/docker-cli.ts';
import { buildProgramImage } from '../support/docker-images.ts';
import { type Bench, dockerBench, type ServiceShape } from '../support/docker-mesh.ts';
import { launcher } from '../support/greenroom.ts';
import { eventually } from '../support/patience.ts';
import type { PrivateEngine } from '../support/private-engine.ts';
import { describeWith } from '../support/requires.ts';
import { useEngine } from '../support/use-engine.ts';

const PATIENCE_MS = 240_000;
const orders = { name: 'orders', image: BOX, command: ECHO_SERVICE };

describeWith('own-engine', 'what goes wrong with an engine, in plain words with what to do', () => {
  let engine: PrivateEngine;
  const benches: Bench[] = [];
  const bench = async (
    services: readonly ServiceShape[],
    connect?: () => Promise<Engine>,
  ): Promise<Bench> => {
    const made = await dockerBench(services, connect ? { connect } : {});
    benches.push(made);
    return made;
  };

  useEngine((made) => (engine = made));
  beforeAll(buildBox, PATIENCE_MS);
  afterEach(async () => {
    for (const made of benches.splice(0)) await made.close();
  }, PATIENCE_MS);

  it(
    'a service that uses up its memory: how much it had, and where to give it more',
    async () => {
      const one = await bench([
        {
          ...orders,
          command: [
            'node',
            '-e',
            'require("net").createServer(() => { const kept = []; for (;;) kept.push(Buffer.alloc(1 << 20, 1)); }).listen(8080)',
          ],
          ports: [],
          container: { limits: { memory: 96 * 1024 * 1024, memoryAndSwap: 96 * 1024 * 1024 } },
        },
      ]);
      await one.up();
      // It may not listen yet.
      const failed = await eventually(
        'it is told as failed',
        async () => {
          await dockerExec(one.container('orders-0'), 'busybox', 'nc', '127.0.0.1', '8080');
          return one.statuses.find(({ status }) => status === 'failed');
        },
        60_000,
      );
      expect(failed.detail).toBe(
        'was killed: it used up its 96 MiB of memory; raise deploy.resources.limits.memory (mem_limit), or find out what it keeps',
      );
    },
    PATIENCE_MS,
  );

  it('a published port that somebody has: whose it is, and how to see who', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const one = await bench([{ ...orders, container: { published: [{ port, targetPort: 8080 }] } }]);
      await expect(one.prepare()).rejects.toMatchObject({
        code: 'port-taken',
        message: expect.stringContaining(`orders publishes port ${port}`),
        hint: expect.stringContaining(`ss -ltnp 'sport = :${port}'`),
      });
    } finally {
      server.close();
    }
  });

  it(
    'an engine that goes away in the middle of the start; once it is back, nothing of that is left',
    async () => {
      const one = await bench(
        [orders, { ...orders, name: 'payments' }],
        await whose(({ startContainer }) => ({
          // The service's: holder and rules were before.
          async startContainer(id) {
            if ((await dockerCli('inspect', '--format', '{{.Name}}', id)).endsWith('-service'))
              await engine.kill();
            await startContainer(id);
          },
        })),
      );
      await expect(one.up()).rejects.toMatchObject({
        code: 'engine-away',
        message: expect.stringContaining('The Docker engine went away'),
        hint: expect.stringContaining('systemctl start docker'),
      });
      await expect(one.close()).rejects.toMatchObject({
        code: 'left-behind',
        hint: expect.stringContaining('greenroom doctor --remove-orphans'),
      });
      benches.length = 0;
      await engine.start();
      const label = `dev.greenroom.session=${one.sessionId}`;
      const left = await inEngine(label);
      expect(left.length).toBeGreaterThan(0);
      // What `doctor --remove-orphans` does for a session whose process is gone; this one's is not.
      await removeLabelled(await connectEngine(), label);
      expect(await inEngine(label)).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'a session that ends while its engine is only being restarted leaves nothing',
    async () => {
      const one = await bench([orders]);
      await one.up();
      await engine.stop();
      const closing = one.close();
      await engine.start();
      await closing;
      benches.length = 0;
      expect(await inEngine(`dev.greenroom.session=${one.sessionId}`)).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'a socket that this user may not open: which, and the group to join',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'greenroom-nobody-'));
      chmodSync(folder, 0o777);
      try {
        const said = await new Promise<string>((resolve) => {
          execFile(
            process.execPath,
            [launcher, 'doctor'],
            {
              uid: 65_534,
              gid: 65_534,
              cwd: '/',
              env: { ...process.env, HOME: folder, GREENROOM_DATA_DIR: join(folder, 'data'), NO_COLOR: '1' },
            },
            (_, stdout, stderr) => resolve(`${stdout}${stderr}`),
          );
        });
        expect(said).toMatch(/docker .*No Docker engine answers .*EACCES/);
        expect(said).toContain('sudo usermod -aG docker $USER');
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    PATIENCE_MS,
  );
});

/** An engine some of whose calls are others. */
async function whose(change: (engine: Engine) => Partial<Engine>): Promise<() => Promise<Engine>> {
  return async () => {
    const engine = await connectEngine();
    const bound = new Proxy(engine, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const changed = change(bound);
    return new Proxy(bound, {
      get: (target, name) => Reflect.get(changed, name) ?? Reflect.get(target, name),
    });
  };
}

describeWith('own-engine', 'an engine whose disk is full', () => {
  const BIG = 'greenroom-test-big:latest';
  useEngine(() => undefined, { disk: '64m' });

  it(
    'is said to be, with how to make room',
    async () => {
      await buildProgramImage(BIG, ['/usr/bin/busybox']);
      const one = await dockerBench([
        { name: 'orders', image: BIG, command: ['busybox', 'sleep', '1'], ports: [] },
      ]);
      await dockerCli(
        'run',
        '--name',
        'filler',
        BIG,
        'busybox',
        'dd',
        'if=/dev/zero',
        'of=/full',
        'bs=1M',
      ).catch(() => undefined);
      await expect(one.up()).rejects.toMatchObject({
        code: 'engine-disk-full',
        message: expect.stringContaining('no space left on device'),
        hint: expect.stringContaining('docker system df'),
      });
      await dockerCli('rm', '--force', 'filler');
      await one.close();
      expect(await inEngine(`dev.greenroom.session=${one.sessionId}`)).toEqual([]);
    },
    PATIENCE_MS,
  );
});
