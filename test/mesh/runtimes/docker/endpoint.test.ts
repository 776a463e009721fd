import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectEngine } from '../../../../mesh/runtimes/docker/engine.ts';
import { engineEndpoint } from '../../../../mesh/runtimes/docker/endpoint.ts';
import { probeDocker } from '../../../../mesh/runtimes/docker/probe.ts';
import { temporaryFolder } from '../../../support/greenroom.ts';

describe('where the engine is', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    const meta = join(folder.path, 'contexts', 'meta', createHash('sha256').update('colima').digest('hex'));
    mkdirSync(meta, { recursive: true });
    writeFileSync(
      join(meta, 'meta.json'),
      JSON.stringify({ Name: 'colima', Endpoints: { docker: { Host: 'unix:///colima.sock' } } }),
    );
    writeFileSync(join(folder.path, 'config.json'), JSON.stringify({ currentContext: 'colima' }));
  });
  afterAll(() => folder.remove());

  it('is the usual socket when a context is named that doesn’t exist', () => {
    expect(engineEndpoint({ DOCKER_CONFIG: folder.path, DOCKER_CONTEXT: 'gone' })).toMatchObject({
      from: 'default',
    });
  });

  it('is the usual socket when the configuration can’t be read', () => {
    expect(engineEndpoint({ DOCKER_CONFIG: join(folder.path, 'nowhere') })).toMatchObject({
      from: 'default',
    });
  });

  it('is the chosen context’s', () => {
    expect(engineEndpoint({ DOCKER_CONFIG: folder.path })).toEqual({
      url: 'unix:///colima.sock',
      from: 'context',
    });
  });

  it('is DOCKER_HOST before everything', () => {
    expect(engineEndpoint({ DOCKER_CONFIG: folder.path, DOCKER_HOST: 'tcp://h:1' })).toEqual({
      url: 'tcp://h:1',
      from: 'DOCKER_HOST',
    });
  });
});

describe('an engine that doesn’t answer', () => {
  it.each(['unix:///nonexistent/docker.sock', 'tcp://127.0.0.1:1', 'ssh://somebody@somewhere', 'nonsense'])(
    'is named, with how to get one: %s',
    async (url) => {
      await expect(connectEngine({ url, from: 'DOCKER_HOST' })).rejects.toMatchObject({
        code: 'no-engine',
        message: expect.stringContaining(url),
        hint: expect.stringContaining('apt-get install docker.io'),
      });
    },
  );

  it('is the reason of a probe, which never rejects', async () => {
    const probe = await probeDocker(() =>
      connectEngine({ url: 'unix:///nonexistent/docker.sock', from: 'default' }),
    );
    expect(probe).toMatchObject({ available: false, version: null, driver: null });
    expect(probe.reason).toContain('/nonexistent/docker.sock');
  });
});
