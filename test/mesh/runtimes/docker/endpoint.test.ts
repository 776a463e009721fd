import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectEngine } from '../../../../mesh/runtimes/docker/dockerode-engine.ts';
import { dockerEnvironment, engineEndpoint } from '../../../../mesh/runtimes/docker/endpoint.ts';
import { probeDocker } from '../../../../mesh/runtimes/docker/probe.ts';
import { sshArguments, sshDestination } from '../../../../mesh/runtimes/docker/ssh-transport.ts';
import { type Folder, temporaryFolder } from '../../../support/greenroom.ts';

describe('where the engine is', () => {
  let folder: Folder;
  const made = (name: string, docker: object) => {
    const meta = join(folder.path, 'contexts', 'meta', createHash('sha256').update(name).digest('hex'));
    mkdirSync(meta, { recursive: true });
    writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker } }));
  };
  beforeAll(async () => {
    folder = await temporaryFolder();
    made('colima', { Host: 'unix:///colima.sock' });
    made('lax', { Host: 'tcp://far:2376', SkipTLSVerify: true });
    made('swarm-only', {});
    writeFileSync(join(folder.path, 'config.json'), JSON.stringify({ currentContext: 'colima' }));
  });
  afterAll(() => folder.remove());

  it('is nowhere when a context is named that doesn’t exist: the usual socket is another engine', () => {
    expect(() => engineEndpoint({ DOCKER_CONFIG: folder.path, DOCKER_CONTEXT: 'gone' })).toThrow(
      "The Docker context gone isn't",
    );
    expect(() => engineEndpoint({ DOCKER_CONFIG: folder.path, DOCKER_CONTEXT: 'swarm-only' })).toThrow(
      'swarm-only',
    );
  });

  it('is nowhere when the configuration that may name one can’t be read', async () => {
    const broken = await temporaryFolder();
    writeFileSync(join(broken.path, 'config.json'), '{');
    expect(() => engineEndpoint({ DOCKER_CONFIG: broken.path })).toThrow('config.json');
    expect(engineEndpoint({ DOCKER_CONFIG: broken.path, DOCKER_HOST: 'unix:///s' }).url).toBe('unix:///s');
    await broken.remove();
  });

  it('is the usual socket when nothing is configured', () => {
    expect(engineEndpoint({ DOCKER_CONFIG: join(folder.path, 'nowhere') })).toMatchObject({
      from: 'default',
    });
  });

  it('is the current context’s', () => {
    expect(engineEndpoint({ DOCKER_CONFIG: folder.path })).toEqual({
      url: 'unix:///colima.sock',
      from: 'context',
      context: 'colima',
    });
  });

  it('is that of DOCKER_CONTEXT before the current one, and `default` is none', () => {
    expect(engineEndpoint({ DOCKER_CONFIG: folder.path, DOCKER_CONTEXT: 'lax' })).toEqual({
      url: 'tcp://far:2376',
      from: 'context',
      context: 'lax',
      tls: { server: 'unverified' },
    });
    expect(engineEndpoint({ DOCKER_CONFIG: folder.path, DOCKER_CONTEXT: 'default' })).toMatchObject({
      from: 'default',
    });
    expect(engineEndpoint({ DOCKER_CONFIG: folder.path, DOCKER_CONTEXT: '' }).context).toBe('colima');
  });

  it('is DOCKER_HOST before everything', () => {
    expect(
      engineEndpoint({ DOCKER_CONFIG: folder.path, DOCKER_CONTEXT: 'gone', DOCKER_HOST: 'tcp://h:1' }),
    ).toEqual({ url: 'tcp://h:1', from: 'DOCKER_HOST' });
  });

  it.each([
    ['h:1', 'tcp://h:1'],
    ['tcp://h', 'tcp://h:2375'],
    ['tcp://', 'tcp://localhost:2375'],
    ['tcp://[::1]', 'tcp://[::1]:2375'],
    ['unix://', 'unix:///var/run/docker.sock'],
    ['ssh://u@h', 'ssh://u@h'],
  ])('reads DOCKER_HOST=%s as %s', (host, url) => {
    expect(engineEndpoint({ DOCKER_CONFIG: folder.path, DOCKER_HOST: host }).url).toBe(url);
  });

  it('is spoken to by TLS with the files of DOCKER_CERT_PATH where DOCKER_TLS_VERIFY or DOCKER_TLS says so', () => {
    const there = { DOCKER_CONFIG: folder.path, DOCKER_HOST: 'tcp://h', DOCKER_CERT_PATH: '/certs' };
    expect(engineEndpoint(there).tls).toBeUndefined();
    expect(engineEndpoint({ ...there, DOCKER_TLS_VERIFY: '1' })).toMatchObject({
      url: 'tcp://h:2376',
      tls: { ca: '/certs/ca.pem', server: 'verified' },
    });
    expect(engineEndpoint({ ...there, DOCKER_TLS: '1' }).tls).toMatchObject({ server: 'unverified' });
  });

  it('is the same for the `docker` commands that we call', () => {
    const context = engineEndpoint({ DOCKER_CONFIG: folder.path });
    expect(dockerEnvironment(context)).toEqual({ DOCKER_HOST: undefined, DOCKER_CONTEXT: 'colima' });
    expect(dockerEnvironment({ url: 'unix:///s', from: 'rootless socket' })).toEqual({
      DOCKER_HOST: 'unix:///s',
      DOCKER_CONTEXT: undefined,
    });
  });
});

describe('an engine behind ssh', () => {
  it.each([
    ['ssh://u:secret@h', 'password'],
    ['ssh://h/x;reboot', 'path'],
    ['ssh://h?x=1', 'query'],
    ['ssh://', 'host'],
  ])('is refused by an address such as %s', (url, why) => {
    expect(() => sshDestination(url)).toThrow(why);
    expect(() => sshDestination(url)).not.toThrow('secret');
  });

  it('is reached by the words of docker’s own command line', () => {
    const words = (url: string) => sshArguments(sshDestination(url)).join(' ');
    expect(words('ssh://h')).toBe('-o ConnectTimeout=30 -T -- h docker system dial-stdio');
    expect(words('ssh://u@h:22/run/d.sock')).toBe(
      '-o ConnectTimeout=30 -T -l u -p 22 -- h docker --host unix:///run/d.sock system dial-stdio',
    );
  });
});

describe('an engine that doesn’t answer', () => {
  it.each([
    ['unix:///nonexistent/docker.sock', 'apt-get install docker.io'],
    ['tcp://127.0.0.1:1', 'apt-get install docker.io'],
    ['ssh://somebody@127.0.0.1:1', 'ssh ssh://somebody@127.0.0.1:1 docker version'],
    ['nonsense', 'apt-get install docker.io'],
  ])('is named, with what to do: %s', async (url, hint) => {
    await expect(connectEngine({ url, from: 'DOCKER_HOST' })).rejects.toMatchObject({
      code: 'no-engine',
      message: expect.stringContaining(url),
      hint: expect.stringContaining(hint),
    });
  });

  it('is named without the password of its address', async () => {
    await expect(
      connectEngine({ url: 'ssh://somebody:secret@127.0.0.1:1', from: 'DOCKER_HOST' }),
    ).rejects.toMatchObject({
      message: expect.not.stringContaining('secret'),
      hint: expect.not.stringContaining('secret'),
    });
  });

  it('is the reason of a probe, which never rejects', async () => {
    const probe = await probeDocker(() =>
      connectEngine({ url: 'unix:///nonexistent/docker.sock', from: 'default' }),
    );
    expect(probe).toMatchObject({ available: false, version: null });
    expect(probe.reason).toContain('/nonexistent/docker.sock');
  });
});
