import { afterAll, beforeAll, expect, it } from 'vitest';
import { BOX, buildBox, dial, ECHO_SERVICE } from '../support/docker-box.ts';
import { dockerCli, dockerExec } from '../support/docker-cli.ts';
import { type Bench, dockerBench } from '../support/docker-mesh.ts';
import { describeWith } from '../support/requires.ts';

describeWith('docker', 'the relay’s container', () => {
  let one: Bench;
  const relay = () => `greenroom-${one.sessionId}-relay`;
  const volumes = async () => (await dockerCli('volume', 'ls', '--quiet')).split('\n');

  beforeAll(async () => {
    await buildBox();
    const orders = { image: BOX, command: ECHO_SERVICE };
    one = await dockerBench(
      [
        { ...orders, name: 'orders' },
        { ...orders, name: 'payments' },
      ],
      { driver: 'relay' },
    );
    await one.up();
  }, 120_000);
  afterAll(() => one?.close());

  it('may do nothing, have few processes, and write to none of its files', async () => {
    const facts =
      '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.PidsLimit}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}';
    expect(await dockerCli('inspect', '--format', facts, relay())).toBe('true 256 [ALL] [no-new-privileges]');
    const touch = async (path: string) => (await dockerExec(relay(), 'busybox', 'touch', path)).output;
    expect(await touch('/new')).toContain('Read-only file system');
    expect(await touch('/etc/new')).toContain('Permission denied');
    expect(await dial(one.container('orders-0'), 'payments', 80), 'and works').toBe('this is payments:80');
  });

  it('leaves no volume of its own', async () => {
    const [volume = ''] = (
      await dockerCli('inspect', '--format', '{{range .Mounts}}{{.Name}}{{end}}', relay())
    ).split('\n');
    expect(await volumes()).toContain(volume);
    await one.close();
    expect(await volumes()).not.toContain(volume);
  }, 60_000);
});
