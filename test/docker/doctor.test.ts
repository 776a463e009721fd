/** `greenroom doctor` against the real engine: each line is measured, and nothing is left of the measuring. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { doctorSession } from '../../mesh/runtimes/docker/doctor-session.ts';
import { connectEngine } from '../../mesh/runtimes/docker/dockerode-engine.ts';
import type { Engine } from '../../mesh/runtimes/docker/engine.ts';
import { ensureHelperImage } from '../../mesh/runtimes/docker/helper-image.ts';
import { thisOwner } from '../../mesh/runtimes/docker/labels.ts';
import { subnetCandidates } from '../../mesh/runtimes/docker/subnets.ts';
import { type RulesTrial, tryRules } from '../../mesh/runtimes/docker/try-rules.ts';
import { descendants } from '../support/descendants.ts';
import { dockerCli, inEngine } from '../support/docker-cli.ts';
import { buildProgramImage, removeImage } from '../support/docker-images.ts';
import { type Folder, greenroom, launcher, temporaryFolder } from '../support/greenroom.ts';
import { eventually } from '../support/patience.ts';
import { describeWith } from '../support/requires.ts';

const PATIENCE_MS = 120_000;
const BARE = 'greenroom-test-bare:latest';

/** The engine's socket on a port of loopback, as people do who don't know better. */
async function openPort(): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const engine = connect('/var/run/docker.sock');
    for (const socket of [client, engine]) sockets.add(socket.on('error', () => undefined));
    client.pipe(engine).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `tcp://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

const never = new AbortController().signal;

/** The trial on an engine that `change` has changed, with its own image or another. */
async function tryOn(
  change: (engine: Engine) => void,
  { helperImage, signal = never }: { helperImage?: string; signal?: AbortSignal } = {},
): Promise<RulesTrial> {
  const engine = await connectEngine();
  change(engine);
  const session = doctorSession(thisOwner('a realm of this test'));
  const trial = await tryRules(
    {
      engine,
      session,
      helperImage: helperImage ?? (await ensureHelperImage(engine, never)),
      subnets: subnetCandidates(session.id),
    },
    signal,
  );
  expect((await inEngine()).filter((name) => name.includes(session.id))).toEqual([]);
  return trial;
}

/** Containers of this engine are made from what `change` makes of their specification. */
const containers =
  (change: (spec: Parameters<Engine['createContainer']>[0]) => object) =>
  (engine: Engine): void => {
    const { createContainer } = engine;
    engine.createContainer = (spec) => createContainer.call(engine, { ...spec, ...change(spec) });
  };

describeWith('docker', 'doctor', () => {
  let folder: Folder;
  beforeAll(async () => {
    folder = await temporaryFolder();
    await buildProgramImage(BARE, ['/usr/bin/busybox']);
  }, PATIENCE_MS);
  afterAll(async () => {
    await removeImage(BARE);
    await folder.remove();
  });

  it(
    'calls containment partial where the rules can’t be installed, and says why',
    async () => {
      expect(await tryOn(() => undefined, { helperImage: BARE })).toEqual({
        containment: 'partial',
        why: expect.stringContaining('nft'),
      });
    },
    PATIENCE_MS,
  );

  it(
    'calls containment none where the rules are taken and a container gets past them',
    async () => {
      const open =
        'table inet greenroom {\n  chain outbound {\n    type filter hook output priority 0; policy accept;\n  }\n}\n';
      const lax = containers(({ environment }) => ({ environment: { ...environment, RULES: open } }));
      expect(await tryOn(lax)).toEqual({
        containment: 'none',
        why: expect.stringMatching(/^with them in force a container still reaches this machine at \S+$/),
      });
    },
    PATIENCE_MS,
  );

  it(
    'claims nothing of rules where nobody is reached without them either',
    async () => {
      const walled = containers(({ name }) => (name.endsWith('-canary') ? {} : { network: 'none' }));
      expect(await tryOn(walled)).toEqual({
        containment: 'unknown',
        why: expect.stringMatching(/^no container reaches a container at \S+, with rules or without$/),
      });
    },
    PATIENCE_MS,
  );

  it(
    'measures between two containers where the engine’s bridges are on another machine',
    async () => {
      const elsewhere = (engine: Engine): void => {
        const { createNetwork } = engine;
        engine.createNetwork = (spec) =>
          createNetwork.call(engine, {
            ...spec,
            gateway: spec.gateway.replace(/\d+$/, (last) => `${Number(last) + 3}`),
          });
      };
      expect(await tryOn(elsewhere)).toEqual({
        containment: 'full',
        canary: expect.stringMatching(/^a container at /),
      });
    },
    PATIENCE_MS,
  );

  it(
    'leaves nothing when it is interrupted in the middle of that',
    async () => {
      const child = spawn(process.execPath, [launcher, 'doctor'], {
        env: { ...process.env, GREENROOM_DATA_DIR: folder.path, NO_COLOR: '1' },
        stdio: 'ignore',
      });
      const ended = once(child, 'close');
      const pids = new Set<number>();
      const ours = async () => {
        for (const pid of descendants(folder.path)) pids.add(pid);
        const prefixes = [...pids].map((pid) => `greenroom-doctor-${pid}-`);
        return (await inEngine()).filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
      };
      await eventually('something of it is there', async () => (await ours()).length > 0, 60_000);
      child.kill('SIGINT');
      expect(await ended).toEqual([130, null]);
      expect(await ours()).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'leaves nothing of the trial when that is given up while its container runs',
    async () => {
      const wish = new AbortController();
      const given = tryOn(
        (engine) => {
          const { startContainer } = engine;
          engine.startContainer = async (id) => {
            await startContainer.call(engine, id);
            wish.abort(new Error('given up'));
          };
        },
        { signal: wish.signal },
      );
      await expect(given).rejects.toThrow('given up');
      expect((await inEngine()).filter((name) => name.includes(`doctor-${process.pid}`))).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'exits with 3 where no range of subnets can be had',
    async () => {
      const { code, stdout } = await greenroom(['doctor'], { env: { GREENROOM_SUBNETS: '10.0.0.0/40' } });
      expect(code).toBe(3);
      expect(stdout).toMatch(/✕ subnets +GREENROOM_SUBNETS isn't a range/);
    },
    PATIENCE_MS,
  );

  it(
    'warns of an engine that anybody can reach, and lists the contexts that are there instead',
    async () => {
      const port = await openPort();
      try {
        await dockerCli('--config', folder.path, 'context', 'create', 'safe', '--docker', 'host=ssh://h');
        const { stdout } = await greenroom(['doctor'], {
          env: { DOCKER_HOST: port.url, DOCKER_CONFIG: folder.path },
        });
        expect(stdout).toMatch(new RegExp(`! endpoint +${port.url} \\(DOCKER_HOST\\); without TLS`));
        expect(stdout).toMatch(/✓ others +also to choose: --context safe/);
      } finally {
        await port.close();
      }
    },
    PATIENCE_MS,
  );

  it(
    'names engine, endpoint, helper image, containment and subnets, and leaves nothing',
    async () => {
      const { code, stdout } = await greenroom(['doctor']);
      expect(code).toBe(0);
      const version = await dockerCli('version', '--format', '{{.Server.Version}}');
      for (const line of [
        /✓ endpoint +unix:\/\/\/var\/run\/docker\.sock \(default\)/,
        new RegExp(`✓ engine +Docker ${version.replaceAll(/[.+]/g, '\\$&')} on .*, as root`),
        /✓ helper image +greenroom-pod:[0-9a-f]{16}/,
        /✓ containment +full: a container reached this machine at \S+ before the rules of a pod, and was refused/,
        /✓ subnets +198\.18\.0\.0\/15 has room for \d+ more networks/,
      ])
        expect(stdout).toMatch(line);
      expect((await inEngine()).filter((name) => name.includes('doctor'))).toEqual([]);
    },
    PATIENCE_MS,
  );
});
