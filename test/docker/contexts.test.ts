/** Engines as users have them: behind TLS, behind ssh, by context. The `docker` command line says who is right. */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dockerBuild } from '../../mesh/runtimes/docker/docker-build.ts';
import { engineEndpoint } from '../../mesh/runtimes/docker/endpoint.ts';
import { connectEngine } from '../../mesh/runtimes/docker/dockerode-engine.ts';
import { BOX, buildBox } from '../support/docker-box.ts';
import { type Folder, greenroom, temporaryFolder } from '../support/greenroom.ts';
import { describeWith, firstMissing } from '../support/requires.ts';
import { startSshServer, type SshServer } from '../support/ssh-server.ts';
import { startTlsEngine, type TlsEngine } from '../support/tls-engine.ts';

const PATIENCE_MS = 120_000;

const MARK = 'greenroom-test-mark:latest';

/** An empty image, put by the real command line into the engine that it finds in this environment. */
const mark = (environment: NodeJS.ProcessEnv): unknown =>
  execFileSync('docker', ['import', '-', MARK], {
    env: { ...process.env, ...environment },
    input: Buffer.alloc(1024),
    stdio: ['pipe', 'ignore', 'inherit'],
  });

const create = (environment: NodeJS.ProcessEnv, name: string, docker: string): unknown =>
  execFileSync('docker', ['context', 'create', name, '--docker', docker], {
    env: { ...process.env, ...environment },
    stdio: 'ignore',
  });

describeWith('docker', 'an engine behind TLS', () => {
  let engine: TlsEngine;
  let folder: Folder;
  let configuration: NodeJS.ProcessEnv;
  const connect = (environment: NodeJS.ProcessEnv) => connectEngine(engineEndpoint(environment));
  const bySettings = (): NodeJS.ProcessEnv => ({
    ...configuration,
    DOCKER_HOST: engine.url,
    DOCKER_TLS_VERIFY: '1',
    DOCKER_CERT_PATH: engine.certificates,
  });

  beforeAll(async () => {
    engine = await startTlsEngine();
    folder = await temporaryFolder();
    configuration = { DOCKER_CONFIG: folder.path };
    const files = (from: string) => `ca=${from}/ca.pem,cert=${from}/cert.pem,key=${from}/key.pem`;
    create(configuration, 'far', `host=${engine.url},${files(engine.certificates)}`);
    create(configuration, 'stranger', `host=${engine.url},${files(engine.strangers)}`);
    create(configuration, 'plain', `host=${engine.url}`);
  }, PATIENCE_MS);
  afterAll(async () => {
    await folder?.remove();
    await engine?.stop();
  }, PATIENCE_MS);

  it(
    'is refused without TLS, and told how to have it',
    async () => {
      for (const environment of [
        { ...configuration, DOCKER_HOST: engine.url },
        { ...configuration, DOCKER_CONTEXT: 'plain' },
      ])
        await expect(connect(environment)).rejects.toMatchObject({
          code: 'no-engine',
          hint: expect.stringContaining('DOCKER_TLS_VERIFY=1'),
        });
    },
    PATIENCE_MS,
  );

  it(
    'is refused with a certificate of somebody else’s, and where its own isn’t what the user trusts',
    async () => {
      for (const environment of [
        { ...configuration, DOCKER_CONTEXT: 'stranger' },
        { ...bySettings(), DOCKER_CERT_PATH: engine.strangers },
        // Without verification the engine is taken, and doesn't take us.
        { ...bySettings(), DOCKER_TLS_VERIFY: '', DOCKER_TLS: '1', DOCKER_CERT_PATH: engine.strangers },
        { ...bySettings(), DOCKER_CERT_PATH: join(folder.path, 'nowhere') },
      ])
        await expect(connect(environment)).rejects.toMatchObject({
          code: 'no-engine',
          hint: expect.stringContaining('certificates'),
        });
    },
    PATIENCE_MS,
  );

  it(
    'answers by DOCKER_HOST and DOCKER_CERT_PATH, and by a context, as to the `docker` command',
    async () => {
      mark({ ...configuration, DOCKER_CONTEXT: 'far' });
      for (const environment of [bySettings(), { ...configuration, DOCKER_CONTEXT: 'far' }])
        expect(await (await connect(environment)).hasImage(MARK)).toBe(true);
      expect(await (await connect(configuration)).hasImage(MARK)).toBe(false);
    },
    PATIENCE_MS,
  );

  it(
    'gets the images that are built for it, whatever was chosen meanwhile',
    async () => {
      await writeFile(join(folder.path, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
      for (const [index, environment] of [
        bySettings(),
        { ...configuration, DOCKER_CONTEXT: 'far' },
      ].entries()) {
        const before = { ...process.env };
        Object.assign(process.env, environment);
        try {
          const found = await connect(environment);
          // As if the user had chosen another by now.
          process.env['DOCKER_CONTEXT'] = 'plain';
          const tag = `greenroom-test-far-${index}:latest`;
          const outcome = await dockerBuild({
            endpoint: found.endpoint,
            context: folder.path,
            tag,
            labels: {},
          });
          expect(outcome).toEqual({ ok: true });
          expect(await found.hasImage(tag)).toBe(true);
          expect(await (await connectEngine(engineEndpoint({}))).hasImage(tag)).toBe(false);
        } finally {
          for (const name of Object.keys(environment)) delete process.env[name];
          delete process.env['DOCKER_CONTEXT'];
          Object.assign(process.env, before);
        }
      }
    },
    PATIENCE_MS,
  );

  it(
    'is chosen by --context before DOCKER_HOST',
    async () => {
      const env = { DOCKER_CONFIG: folder.path, DOCKER_HOST: 'unix:///nowhere/docker.sock' };
      const doctor = await greenroom(['doctor', '--context', 'far'], { env });
      expect(doctor.stdout).toMatch(/endpoint +tcp:.*\(the context far\)/);
      const gone = await greenroom(['doctor', '--context', 'gone'], { env });
      expect(gone.stdout).toContain("The Docker context gone isn't in");
    },
    PATIENCE_MS,
  );
});

describeWith(firstMissing('docker', 'ssh'), 'an engine behind ssh', () => {
  let server: SshServer;
  let folder: Folder;
  const path = process.env['PATH'];

  beforeAll(async () => {
    await buildBox();
    server = await startSshServer();
    folder = await temporaryFolder();
    create({ DOCKER_CONFIG: folder.path }, 'remote', `host=${server.url}`);
    process.env['PATH'] = `${server.programs}:${path}`;
  }, PATIENCE_MS);
  afterAll(async () => {
    process.env['PATH'] = path;
    await folder?.remove();
    // Ends when its last connection has: none is kept for long.
    await server?.stop();
  }, PATIENCE_MS);

  it(
    'isn’t reached where ssh doesn’t let us in, and ssh’s own words say why',
    async () => {
      await expect(
        connectEngine({ url: server.url.replace('ssh://', 'ssh://nobody-here-'), from: 'DOCKER_HOST' }),
      ).rejects.toMatchObject({ code: 'no-engine', message: expect.stringContaining('Permission denied') });
      await expect(
        connectEngine({ url: `${server.url}/nowhere.sock`, from: 'DOCKER_HOST' }),
      ).rejects.toMatchObject({ code: 'no-engine', message: expect.stringContaining('nowhere.sock') });
    },
    PATIENCE_MS,
  );

  it(
    'answers by DOCKER_HOST and by a context, and is the one that runs there',
    async () => {
      for (const environment of [
        { DOCKER_HOST: server.url },
        { DOCKER_CONFIG: folder.path, DOCKER_CONTEXT: 'remote' },
      ]) {
        const engine = await connectEngine(engineEndpoint(environment));
        const local = await connectEngine(engineEndpoint({}));
        expect(await engine.facts()).toEqual(await local.facts());
      }
    },
    PATIENCE_MS,
  );

  it(
    'is asked again over the connection that is there',
    async () => {
      const engine = await connectEngine({ url: server.url, from: 'DOCKER_HOST' });
      const before = server.accepted();
      for (let time = 0; time < 5; time += 1) await engine.facts();
      expect(server.accepted()).toBe(before);
    },
    PATIENCE_MS,
  );

  it(
    'carries a container: made, followed, waited for, removed',
    async () => {
      const engine = await connectEngine({ url: server.url, from: 'DOCKER_HOST' });
      const id = await engine.createContainer({
        name: `greenroom-test-ssh-${process.pid}`,
        image: BOX,
        labels: {},
        command: ['busybox', 'sh', '-c', 'echo over there; exit 7'],
        network: 'none',
        capabilitiesDropped: ['ALL'],
      });
      try {
        const lines: string[] = [];
        await engine.startContainer(id);
        const [code] = await Promise.all([
          engine.exited(id),
          engine.follow(id, ({ text }) => lines.push(text)),
        ]);
        expect({ code, lines }).toEqual({ code: 7, lines: ['over there'] });
      } finally {
        await engine.removeContainer(id);
      }
    },
    PATIENCE_MS,
  );
});
