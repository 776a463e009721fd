/** `greenroom doctor` against the real engine: each line is measured, and nothing is left of the measuring. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectEngine } from '../../mesh/runtimes/docker/dockerode-engine.ts';
import { thisOwner } from '../../mesh/runtimes/docker/labels.ts';
import { tryRules } from '../../mesh/runtimes/docker/try-rules.ts';
import { dockerCli, inEngine } from '../support/docker-cli.ts';
import { buildProgramImage, removeImage } from '../support/docker-images.ts';
import { greenroom, temporaryFolder } from '../support/greenroom.ts';
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

describeWith('docker', 'doctor', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
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
      expect(await tryRules(await connectEngine(), BARE, thisOwner('a realm of this test'))).toEqual({
        containment: 'partial',
        why: expect.stringContaining('nft'),
      });
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
        /✓ containment +full/,
        /✓ subnets +198\.18\.0\.0\/15 has room for \d+ more networks/,
      ])
        expect(stdout).toMatch(line);
      expect((await inEngine()).filter((name) => name.includes('doctor'))).toEqual([]);
    },
    PATIENCE_MS,
  );
});
