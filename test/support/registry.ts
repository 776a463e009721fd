/**
 * A real registry on loopback (Debian's docker-registry), with images that the test makes and pushes; and a door
 * before it that can be held half open, so that a pull lasts as long as a test wants.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerCli, dockerTry } from './docker-cli.ts';
import { copyProgram } from './docker-images.ts';

/** Of the registries that want credentials; the hash is of this password. */
export const USER = { name: 'team', password: 'let-me-in' };
const HTPASSWD = `${USER.name}:$2b$04$s5DjEziMVqnUOsIR7jue7uDgXXK9GSUwByV3/zLFo2P9I7GcM3pNi\n`;

export interface Registry {
  /** `127.0.0.1:41234`: engines take loopback without TLS. */
  readonly host: string;
  /** Compressed sizes of the layers of what was pushed, as its manifest has them, by the first digits of the digest. */
  layers(repository: string, tag: string): Promise<Map<string, number>>;
  close(): Promise<void>;
}

export type Access = 'for anyone' | 'for its user';

export async function startRegistry(access: Access = 'for anyone'): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), 'greenroom-registry-'));
  const port = await freePort();
  const password = join(folder, 'htpasswd');
  await writeFile(password, HTPASSWD);
  const auth = access === 'for anyone' ? '' : `auth: {htpasswd: {realm: test, path: ${password}}}\n`;
  await writeFile(
    join(folder, 'config.yml'),
    `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${folder}/data}}\nhttp: {addr: '127.0.0.1:${port}'}\n${auth}`,
  );
  const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const host = `127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    while (!(await answers(port))) {
      if (child.exitCode !== null) throw new Error(`docker-registry ended with ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    host,
    close,
    async layers(repository, tag) {
      const response = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, {
        headers: { accept: 'application/vnd.docker.distribution.manifest.v2+json', ...basic(access) },
      });
      const { layers } = (await response.json()) as { layers: { digest: string; size: number }[] };
      return new Map(layers.map(({ digest, size }) => [digest.slice('sha256:'.length).slice(0, 12), size]));
    },
  };
}

/** One file of random bytes a layer: nothing compresses, and no engine has had any of it. */
export interface PushedImage {
  repository: string;
  tag?: string;
  layerBytes: readonly number[];
  /** A reference whose layers it begins with; it must be in the engine. */
  from?: string;
}

/** Makes an image with busybox in it, pushes it and takes it out of the engine. Its reference. */
export async function pushImage(
  { host }: Pick<Registry, 'host'>,
  { repository, tag = '1', layerBytes, from }: PushedImage,
): Promise<string> {
  const context = await mkdtemp(join(tmpdir(), 'greenroom-push-'));
  const reference = `${host}/${repository}:${tag}`;
  try {
    const lines = [`FROM ${from ?? 'scratch'}`];
    if (from === undefined) {
      copyProgram(join(context, 'box'), '/bin/busybox', '/bin/busybox');
      // Else an image that an earlier run left behind would have this layer.
      await writeFile(join(context, 'box', 'salt'), randomBytes(16));
      lines.push('COPY box /');
    }
    for (const [index, bytes] of layerBytes.entries()) {
      await writeFile(join(context, `layer-${index}`), randomBytes(bytes));
      lines.push(`COPY layer-${index} /`);
    }
    lines.push('ENV PATH=/bin', 'CMD ["busybox", "sleep", "3600"]');
    await writeFile(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
    await dockerCli('build', '--quiet', '--tag', reference, context);
    await dockerCli('push', '--quiet', reference);
    await dockerCli('rmi', reference);
    return reference;
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/** A folder with docker's config for the user of a registry. */
export async function loggedIn(host: string, folder: string): Promise<void> {
  const auth = Buffer.from(`${USER.name}:${USER.password}`).toString('base64');
  await writeFile(join(folder, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
}

/** Takes references out of the engine where it has them. */
export async function forget(...references: readonly string[]): Promise<void> {
  for (const reference of references) await dockerTry('rmi', '--force', reference);
}

/** A door to a registry that lets so many bytes of answers pass, and then holds the rest back. */
export interface HeldDoor {
  readonly host: string;
  /** Resolves when it has begun to hold back. */
  readonly held: Promise<void>;
  /** Connections that are open now. */
  open(): number;
  /** Bytes of answers that went through. */
  passed(): number;
  /** Lets everything through from now on. */
  release(): void;
  close(): Promise<void>;
}

export async function heldDoor(registry: Pick<Registry, 'host'>, bytes: number): Promise<HeldDoor> {
  const target = Number(registry.host.split(':')[1]);
  const sockets = new Set<Socket>();
  const waiting = new Set<Socket>();
  let limit = bytes;
  let passed = 0;
  let begun = (): void => undefined;
  const held = new Promise<void>((resolve) => (begun = resolve));
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(socket);
          (socket === client ? upstream : client).destroy();
        });
    }
    client.pipe(upstream);
    upstream.on('data', (chunk: Buffer) => {
      passed += chunk.length;
      if (!client.write(chunk)) {
        upstream.pause();
        client.once('drain', () => waiting.has(upstream) || upstream.resume());
      }
      if (passed < limit) return;
      upstream.pause();
      waiting.add(upstream);
      begun();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    host: `127.0.0.1:${address.port}`,
    held,
    open: () => [...sockets].filter((socket) => socket.localPort === address.port).length,
    passed: () => passed,
    release() {
      limit = Number.POSITIVE_INFINITY;
      for (const socket of waiting) socket.resume();
      waiting.clear();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function basic(access: Access): Record<string, string> {
  if (access === 'for anyone') return {};
  return { authorization: `Basic ${Buffer.from(`${USER.name}:${USER.password}`).toString('base64')}` };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
