/** `greenroom logs`, `kill` and `exec` on a real `greenroom up` under docker, at a real terminal. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildBox, echoProject } from '../support/docker-box.ts';
import { dockerCli } from '../support/docker-cli.ts';
import { type Folder, greenroom, launcher, temporaryFolder } from '../support/greenroom.ts';
import { greenroomUp, type RunningUp } from '../support/greenroom-up.ts';
import { eventually } from '../support/patience.ts';
import { describeWith } from '../support/requires.ts';

const PATIENCE_MS = 120_000;

describeWith('docker', 'a command in a container', () => {
  let folder: Folder;
  let up: RunningUp;
  const env = (): Record<string, string> => ({ GREENROOM_DATA_DIR: up.dataDir });
  const exec = (...args: string[]) => greenroom(['exec', ...args], { env: env() });
  /** With this on its stdin, which is no terminal. */
  const fed = (input: string, ...args: string[]): Promise<string> =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [launcher, 'exec', ...args], {
        env: { ...process.env, ...env() },
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      let said = '';
      child.stdout.on('data', (data: Buffer) => (said += data.toString('latin1')));
      child.once('close', () => resolve(said));
      child.stdin.end(input);
    });
  /** At a terminal of its own (`script` makes it), 77 by 21. */
  const atTerminal = (command: string) => {
    const words = `stty cols 77 rows 21; exec ${process.execPath} ${launcher} exec orders ${command}`;
    const child = spawn('script', ['-qec', words, '/dev/null'], {
      env: { ...process.env, ...env(), NO_COLOR: '1' },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const terminal = {
      said: '',
      child,
      code: new Promise<number | null>((resolve) => child.once('exit', resolve)),
    };
    child.stdout.on('data', (data: Buffer) => (terminal.said += data.toString()));
    return terminal;
  };
  const prompt = (terminal: { said: string }) =>
    eventually('a prompt', () => /[#$] /.test(terminal.said), PATIENCE_MS);
  const processes = async (): Promise<string> =>
    await dockerCli('top', `greenroom-${up.session}-orders-0-service`, '-o', 'pid,args');

  beforeAll(async () => {
    await buildBox();
    folder = await temporaryFolder({ 'greenroom.yaml': echoProject('exec') });
    up = await greenroomUp(folder.path, {});
  }, 120_000);
  afterAll(async () => {
    await up?.interrupt();
    await folder?.remove();
  });

  it('ends with the command’s own code, its two outputs apart', async () => {
    const ran = await exec('orders', 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 7');
    expect(ran).toEqual({ code: 7, stdout: 'out\n', stderr: 'err\n' });
  });

  it('takes the command behind two dashes, as kubectl has it, and the first two alone', async () => {
    const ran = await exec('orders', '--', 'busybox', 'echo', '--', '-n');
    expect(ran).toEqual({ code: 0, stdout: '-- -n\n', stderr: '' });
  });

  it('is told plainly where there is no such program', async () => {
    const { code, stdout, stderr } = await exec('orders', 'no-such-program');
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain('no-such-program');
  });

  it(
    'takes what it is fed, every byte of it, to its end',
    async () => {
      const input = 'a\u0000b\u0003\u0004c\n'.repeat(50_000);
      const [sum = ''] = (await fed(input, 'orders', 'busybox', 'md5sum')).split(' ');
      expect(sum).toBe(createHash('md5').update(input).digest('hex'));
    },
    PATIENCE_MS,
  );

  it(
    'hands over all that it writes, however much that is',
    async () => {
      expect((await fed('', 'orders', 'busybox', 'head', '-c', '3000000', '/dev/zero')).length).toBe(
        3_000_000,
      );
    },
    PATIENCE_MS,
  );

  it('is contained as the service is: root changes no rules there', async () => {
    const { code, stderr, stdout } = await exec('--user', '0', 'orders', 'nft', 'flush', 'ruleset');
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain('not permitted');
  });

  it(
    'has a terminal of this one’s size where this is one, and follows what is typed',
    async () => {
      const terminal = atTerminal('busybox sh');
      await prompt(terminal);
      terminal.child.stdin.write('busybox stty size\r');
      await eventually('the size', () => terminal.said.includes('21 77'), PATIENCE_MS);
      terminal.child.stdin.write('busybox sleep 1000\r');
      await eventually('it sleeps', async () => (await processes()).includes('sleep 1000'), PATIENCE_MS);
      terminal.child.stdin.write('\u0003');
      terminal.child.stdin.write('exit 5\r');
      expect(await terminal.code).toBe(5);
      expect(await processes()).not.toContain('sleep 1000');
    },
    PATIENCE_MS,
  );

  it(
    'at a terminal that goes away ends with it',
    async () => {
      const terminal = atTerminal('busybox sh');
      await prompt(terminal);
      expect(await processes()).toContain('busybox sh');
      terminal.child.kill('SIGKILL');
      await terminal.code;
      await eventually('it is gone', async () => !(await processes()).includes('busybox sh'), PATIENCE_MS);
    },
    PATIENCE_MS,
  );
});
