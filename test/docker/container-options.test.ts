import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectEngine } from '../../mesh/runtimes/docker/dockerode-engine.ts';
import { BOX, buildBox, dial, ECHO_SERVICE } from '../support/docker-box.ts';
import { dockerCli, dockerExec } from '../support/docker-cli.ts';
import { dockerBench, type Bench } from '../support/docker-mesh.ts';
import { describeWith } from '../support/requires.ts';

const echo = { image: BOX, command: ECHO_SERVICE };
const JOB = { image: BOX, ports: [] } as const;

describeWith('docker', 'what a Compose file says of a container', () => {
  let bench: Bench;
  let folder: string;
  const inWeb = async (script: string) =>
    (await dockerExec(bench.container('web-0'), 'node', '-p', script)).output;
  const inspect = async (format: string) =>
    dockerCli('inspect', '--format', `{{json ${format}}}`, bench.container('web-0'));

  beforeAll(async () => {
    await buildBox();
    folder = await mkdtemp(join(tmpdir(), 'greenroom-options-'));
    await writeFile(join(folder, 'key'), 'hush\n');
    await writeFile(join(folder, '.env'), 'GREENROOM_TEST_DOTENV=h1dden\n');
    process.env['GREENROOM_TEST_TOKEN'] = 's3cret';
    bench = await dockerBench([
      {
        ...echo,
        name: 'web',
        container: {
          user: '65534:65534',
          hostname: 'front',
          workingDirectory: '/tmp',
          init: true,
          stopSignal: 'SIGQUIT',
          labels: { team: 'a', 'dev.greenroom.session': 'forged' },
          filesystem: 'read-only',
          capabilitiesDropped: ['ALL'],
          securityOptions: ['no-new-privileges:true'],
          groups: ['1234'],
          ulimits: [{ name: 'nofile', soft: 300, hard: 400 }],
          sysctls: { 'net.core.somaxconn': '77', 'kernel.msgmax': '9000' },
          limits: {
            memory: 256 * 1024 * 1024,
            processes: 64,
            processors: 0.5,
            sharedMemory: 32 * 1024 * 1024,
          },
          extraHosts: ['elsewhere:203.0.113.9'],
          healthcheck: { test: ['CMD', 'node', '-e', 'process.exit(0)'], intervalMs: 500 },
          mounts: [
            { kind: 'bind', source: join(folder, 'key'), target: '/run/secrets/key', access: 'read-only' },
            { kind: 'volume', name: 'data', target: '/data', access: 'read-write', copied: 'at-first' },
            { kind: 'tmpfs', target: '/scratch', options: 'size=1m,mode=1777' },
          ],
        },
      },
      {
        ...echo,
        name: 'db',
        aliases: ['the_db'],
        ports: [[5432, 5432]],
        container: {
          files: [
            {
              target: '/run/secrets/token',
              from: { kind: 'environment', variable: 'GREENROOM_TEST_TOKEN' },
              uid: 7,
              gid: 8,
              mode: 0o440,
            },
            {
              target: '/run/secrets/dotenv',
              from: {
                kind: 'environment',
                variable: 'GREENROOM_TEST_DOTENV',
                envFiles: [join(folder, 'gone.env'), join(folder, '.env')],
              },
              uid: 0,
              gid: 0,
              mode: 0o444,
            },
          ],
        },
      },
      {
        ...JOB,
        name: 'migrate',
        container: { command: ['node', '-e', 'console.log("migrated")'], runsToCompletion: true },
      },
    ]);
    await bench.up();
  });

  afterAll(async () => {
    await bench?.close();
    await rm(folder, { recursive: true, force: true });
    delete process.env['GREENROOM_TEST_TOKEN'];
  });

  it('can’t overwrite the labels by which it is removed', async () => {
    const labels = JSON.parse(await inspect('.Config.Labels')) as Record<string, string>;
    expect(labels).toMatchObject({ team: 'a', 'dev.greenroom.session': bench.sessionId });
  });

  it('takes effect inside', async () => {
    expect(await inWeb('require("os").hostname()')).toBe('front');
    expect(await inWeb('process.cwd()')).toBe('/tmp');
    expect(await inWeb('[process.getuid(), ...process.getgroups()].join()')).toMatch(/^65534,.*1234/);
    expect(await inWeb('require("fs").readFileSync("/run/secrets/key", "utf8")')).toBe('hush');
    expect(await inWeb('require("fs").readFileSync("/proc/sys/net/core/somaxconn", "utf8")')).toBe('77');
    expect(await inWeb('require("fs").readFileSync("/proc/sys/kernel/msgmax", "utf8")')).toBe('9000');
    expect(
      await inWeb('require("fs").readFileSync("/etc/hosts", "utf8").includes("203.0.113.9\\telsewhere")'),
    ).toBe('true');
    expect(
      await inWeb(
        '/Max open files +\\d+ +400/.test(require("fs").readFileSync("/proc/self/limits", "utf8"))',
      ),
    ).toBe('true');
    expect(await inWeb('require("fs").writeFileSync("/scratch/x", "1")')).toBe('undefined');
    expect(await inWeb('try { require("fs").writeFileSync("/x", "1") } catch (e) { e.code }')).toBe('EROFS');
    expect(
      await inWeb('/CapEff:\\s0+\\n/.test(require("fs").readFileSync("/proc/self/status", "utf8"))'),
    ).toBe('true');
    expect(await inWeb('require("fs").readFileSync("/proc/1/comm", "utf8")')).toMatch(/init|tini/);
  });

  it('is what the engine was told', async () => {
    const limits = JSON.parse(
      await dockerCli('inspect', '--format', '{{json .HostConfig}}', bench.container('web-0')),
    ) as Record<string, unknown>;
    expect(limits).toMatchObject({
      Memory: 268_435_456,
      PidsLimit: 64,
      NanoCpus: 500_000_000,
      ShmSize: 33_554_432,
      Init: true,
    });
    expect(await inspect('.Config.StopSignal')).toBe('"SIGQUIT"');
  });

  it('is waited for: health, and the end of a job', async () => {
    expect(await inspect('.State.Health.Status')).toBe('"healthy"');
    const migrated = bench.statuses.filter(({ instance }) => instance === 'migrate-0').at(-1);
    expect(migrated).toMatchObject({ status: 'stopped', detail: 'completed' });
    expect(bench.logs).toContainEqual({ instance: 'migrate-0', stream: 'stdout', text: 'migrated' });
  });

  it('puts a secret of a variable into the container, of this owner and mode, and onto no disk of ours', async () => {
    const secret = await dockerExec(
      bench.container('db-0'),
      'node',
      '-p',
      'const s = require("fs").statSync("/run/secrets/token"); [s.uid, s.gid, (s.mode & 0o777).toString(8), require("fs").readFileSync("/run/secrets/token", "utf8")].join()',
    );
    expect(secret.output).toBe('7,8,440,s3cret');
    const read = 'require("fs").readFileSync("/run/secrets/dotenv", "utf8")';
    const ofFile = await dockerExec(bench.container('db-0'), 'node', '-p', read);
    expect(ofFile.output, 'only an env file sets it').toBe('h1dden');
    const facts = await dockerCli('inspect', bench.container('db-0'));
    expect(facts).not.toMatch(/s3cret|h1dden/);
  });

  it('answers to an alias as to its name', async () => {
    expect(await dial(bench.container('web-0'), 'the_db', 5432)).toBe('this is db:5432');
  });

  it('has volumes that are the session’s and go with it', async () => {
    const names = async () =>
      (
        await dockerCli(
          'volume',
          'ls',
          '--quiet',
          '--filter',
          `label=dev.greenroom.session=${bench.sessionId}`,
        )
      )
        .split('\n')
        .filter(Boolean);
    expect(await names()).toEqual([`greenroom-${bench.sessionId}-data-volume`]);
    await bench.close();
    expect(await names()).toEqual([]);
  });
});

describeWith('docker', 'a service that ends', () => {
  let bench: Bench | null = null;
  beforeAll(buildBox);
  afterAll(() => bench?.close());

  it('before its job is done fails the start, with its last words', async () => {
    bench = await dockerBench([
      {
        ...JOB,
        name: 'migrate',
        container: {
          command: ['node', '-e', 'console.log("no table"); process.exit(3)'],
          runsToCompletion: true,
        },
      },
    ]);
    await bench.prepare();
    await expect(bench.start('migrate-0')).rejects.toMatchObject({
      code: 'service-exited',
      message: expect.stringContaining('exited with code 3') as string,
      lines: ['no table'],
    });
    await bench.close();
  });

  it('is started again as its rule says, in the same container', async () => {
    const script =
      'const fs = require("fs"); const n = fs.existsSync("/tmp/n") ? 1 : 0; fs.writeFileSync("/tmp/n", "1"); if (!n) process.exit(1); require("net").createServer().listen(8080)';
    bench = await dockerBench([
      {
        image: BOX,
        name: 'web',
        container: { command: ['node', '-e', script], restart: { when: 'on-failure', attempts: 3 } },
      },
    ]);
    await bench.up();
    expect(bench.statuses.map(({ status, detail }) => `${status}: ${detail}`)).toEqual(
      expect.arrayContaining(['restarting: exited with code 1; again in 0.1 s', 'ready: null']),
    );
    await bench.close();
  });

  it('and is unhealthy never becomes ready', async () => {
    bench = await dockerBench([
      {
        ...echo,
        name: 'web',
        container: {
          healthcheck: { test: ['CMD', 'node', '-e', 'process.exit(1)'], intervalMs: 200, retries: 2 },
        },
      },
    ]);
    await bench.prepare();
    await expect(bench.start('web-0')).rejects.toMatchObject({
      code: 'service-not-ready',
      message: expect.stringContaining('health check failed as often as it may') as string,
    });
    await bench.close();
  });
});

describeWith('docker', 'a mount of the engine itself', () => {
  let folder: string;
  beforeAll(async () => {
    await buildBox();
    folder = await mkdtemp(join(tmpdir(), 'greenroom-options-'));
    const { url } = (await connectEngine()).endpoint;
    await symlink(url.replace('unix://', ''), join(folder, 'innocent'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is refused by name, also where a link leads to its socket', async () => {
    const bench = await dockerBench([
      {
        ...echo,
        name: 'web',
        container: {
          mounts: [{ kind: 'bind', source: join(folder, 'innocent'), target: '/x', access: 'read-only' }],
        },
      },
    ]);
    try {
      await bench.prepare();
      await expect(bench.start('web-0')).rejects.toMatchObject({ code: 'engine-mounted' });
    } finally {
      await bench.close();
    }
  });
});
