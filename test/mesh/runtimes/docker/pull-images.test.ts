import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { ImageProgress } from '../../../../model/image-progress.ts';
import { connectEngine } from '../../../../mesh/runtimes/docker/dockerode-engine.ts';
import { pullImages } from '../../../../mesh/runtimes/docker/pull-images.ts';

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

it('an engine that goes away in the middle of a pull isn’t taken for a registry that can’t be reached', async () => {
  server = createServer((request, response) => {
    if (!request.url?.includes('/images/create')) return response.end('{}');
    response.write('{"status":"Pulling fs layer","id":"be767ad13993"}\n', () => response.destroy());
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const engine = await connectEngine({ url: `tcp://127.0.0.1:${port}`, from: 'DOCKER_HOST' });
  const told: ImageProgress[] = [];
  const wanted = [{ image: 'r.test/x:1', workloads: ['x'], otherwise: 'build' as const }];
  await expect(
    pullImages(engine, wanted, new AbortController().signal, (progress) => told.push(progress)),
  ).rejects.toMatchObject({ code: 'engine-away' });
  expect(told.at(-1)).toMatchObject({ status: 'failed', error: expect.stringContaining('went away') });
});
