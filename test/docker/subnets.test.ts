/** Networks of pods beside what this machine and its engine have already: real routes, on a bridge without a port. */
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BOX, buildBox } from '../support/docker-box.ts';
import { dockerCli } from '../support/docker-cli.ts';
import { dockerBench, type Bench } from '../support/docker-mesh.ts';
import { describeWith } from '../support/requires.ts';

const DEVICE = 'gr-test-routes';
const NETWORK = `greenroom-test-taken-${process.pid}`;
/** Room for two. */
const RANGE = '198.19.255.240/28';
const PATIENCE_MS = 120_000;

const ip = (...words: string[]): unknown => execFileSync('ip', words, { stdio: 'ignore' });

describeWith('docker', 'a range of subnets', () => {
  let bench: Bench | null = null;
  const prepare = async () => {
    bench = await dockerBench([{ name: 'a', image: BOX }]);
    return (await bench.prepare()).map(({ outboundHost }) => outboundHost);
  };

  beforeEach(async () => {
    await buildBox();
    process.env['GREENROOM_SUBNETS'] = RANGE;
    ip('link', 'add', DEVICE, 'type', 'bridge');
    ip('link', 'set', DEVICE, 'up');
  }, PATIENCE_MS);
  afterEach(async () => {
    await bench?.close();
    bench = null;
    delete process.env['GREENROOM_SUBNETS'];
    ip('link', 'del', DEVICE);
    await dockerCli('network', 'rm', NETWORK).catch(() => undefined);
  }, PATIENCE_MS);

  it(
    'is refused before anything starts when routes have all of it',
    async () => {
      ip('route', 'add', RANGE, 'dev', DEVICE);
      await expect(prepare()).rejects.toMatchObject({ code: 'no-subnet' });
    },
    PATIENCE_MS,
  );

  it.each([
    ['248', '241', 'the main table', []],
    ['240', '249', 'a table of a VPN’s own', ['table', '51820']],
  ] as const)(
    'gives no network the addresses of a route: .%s leaves .%s, %s',
    async (routed, given, _where, table) => {
      ip('route', 'add', `198.19.255.${routed}/29`, 'dev', DEVICE, ...table);
      expect(await prepare()).toEqual([`198.19.255.${given}`]);
    },
    PATIENCE_MS,
  );

  it.each([
    ['240', '249'],
    ['248', '241'],
  ])(
    'gives no network those of another network of the engine: .%s leaves .%s',
    async (taken, given) => {
      await dockerCli('network', 'create', '--subnet', `198.19.255.${taken}/29`, NETWORK);
      expect(await prepare()).toEqual([`198.19.255.${given}`]);
    },
    PATIENCE_MS,
  );
});
