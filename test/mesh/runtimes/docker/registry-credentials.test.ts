import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { registryCredentials, registryOf } from '../../../../mesh/runtimes/docker/registry-credentials.ts';

it.each([
  ['redis', 'docker.io'],
  ['redis:7', 'docker.io'],
  ['team/app:1', 'docker.io'],
  ['docker.io/library/redis', 'docker.io'],
  ['index.docker.io/library/redis', 'docker.io'],
  ['localhost/app', 'localhost'],
  ['127.0.0.1:5000/team/app:1', '127.0.0.1:5000'],
  ['ghcr.io/team/app@sha256:0', 'ghcr.io'],
])('%s is of the registry %s', (reference, registry) => {
  expect(registryOf(reference)).toBe(registry);
});

describe('credentials in docker’s config', () => {
  let folder = '';
  const auth = Buffer.from('team:a:b').toString('base64');
  const found = (reference: string) =>
    registryCredentials(reference, { ...process.env, DOCKER_CONFIG: folder });
  const configured = (value: unknown) => writeFile(join(folder, 'config.json'), JSON.stringify(value));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'greenroom-docker-config-'));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
  });

  it('are none without a config, in a broken one, and for another registry', async () => {
    const none = { auth: null, trouble: null };
    expect(await found('r.test/x')).toEqual(none);
    await writeFile(join(folder, 'config.json'), '{');
    expect(await found('r.test/x')).toEqual(none);
    await configured({ auths: { 'other.test': { auth } } });
    expect(await found('r.test/x')).toEqual(none);
    await configured({ auths: { 'r.test': {} } });
    expect(await found('r.test/x')).toEqual(none);
  });

  it('never lead to a program in another folder', async () => {
    await configured({ credsStore: '../../bin/sh' });
    expect(await found('r.test/x')).toEqual({ auth: null, trouble: expect.stringContaining('name') });
  });

  it('are those of the registry, whose name may be written as a URL; a password may hold a colon', async () => {
    await configured({ auths: { 'https://r.test/v1/': { auth } } });
    expect(await found('r.test/x')).toEqual({
      auth: { serveraddress: 'r.test', username: 'team', password: 'a:b' },
      trouble: null,
    });
  });

  it('are those of the home folder where DOCKER_CONFIG is empty', async () => {
    vi.stubEnv('HOME', folder);
    await mkdir(join(folder, '.docker'));
    await writeFile(
      join(folder, '.docker', 'config.json'),
      JSON.stringify({ auths: { 'r.test': { auth } } }),
    );
    expect((await registryCredentials('r.test/x', { DOCKER_CONFIG: '' })).auth).toMatchObject({
      username: 'team',
    });
  });

  it('of Docker Hub stand under its old name', async () => {
    await configured({ auths: { 'https://index.docker.io/v1/': { auth } } });
    expect((await found('redis:7')).auth).toEqual({
      serveraddress: 'https://index.docker.io/v1/',
      username: 'team',
      password: 'a:b',
    });
  });

  it('may be a token', async () => {
    await configured({ auths: { 'r.test': { identitytoken: 't' } } });
    expect((await found('r.test/x')).auth).toEqual({ serveraddress: 'r.test', identitytoken: 't' });
  });
});
