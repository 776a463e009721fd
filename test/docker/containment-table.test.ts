/** One table of attempts for every driver: each succeeds where nothing contains it, and fails inside. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FIRST_PORT } from '../../mesh/runtimes/docker/relay/relay-files.ts';
import type { PodStatus } from '../../mesh/runtimes/docker/session-pods.ts';
import type { Refusals } from '../../model/refusals.ts';
import { BOX } from '../support/docker-box.ts';
import { dockerCli } from '../support/docker-cli.ts';
import { DRIVERS } from '../support/docker-drivers.ts';
import { greenroom } from '../support/greenroom.ts';
import { containmentScene, type Scene } from '../support/containment/scene.ts';
import { call, forbiddenTo, peerByName, type Row } from '../support/containment/targets.ts';
import { describeWith } from '../support/requires.ts';

const INSTANCES = ['orders-0', 'payments-0', 'ledger-0'];
const NOTHING: Refusals = { tcp: 0, udp: 0, dns: 0, other: 0, inbound: 0 };
const PATIENCE_MS = 240_000;

describe.each(DRIVERS)('contained by the $driver driver', ({ driver, runtime }) => {
  describeWith('docker', 'a service', () => {
    let scene: Scene;
    const network = (instance: string) => `greenroom-${scene.first.id}-${instance}`;
    const wayOf = (instance: string) => {
      const way = scene.first
        .listeners()
        .find((listener) => listener.instance === instance && listener.direction === 'outbound');
      if (way === undefined) throw new Error(`${instance} has no way out`);
      return call(way.host, way.port);
    };
    const container = (instance: string) => `greenroom-${scene.first.id}-${instance}-service`;

    beforeAll(async () => {
      scene = await containmentScene(runtime);
    }, PATIENCE_MS);

    afterAll(() => scene?.close(), PATIENCE_MS);

    it(
      'would reach all of it from a container without rules: the control',
      async () => {
        const rows = INSTANCES.flatMap((instance) => forbiddenTo(scene, instance));
        const missed: string[] = [];
        for (const where of new Set(rows.map(({ control }) => control))) {
          const tried = unique(rows.filter(({ control }) => control === where));
          const met = await scene.outside(
            where,
            tried.map(({ target }) => target),
          );
          missed.push(...said(tried, met, (row, got) => got !== 'answered' && got !== row.meets));
        }
        expect(missed).toEqual([]);
        expect(rows.length).toBeGreaterThan(300);
      },
      PATIENCE_MS,
    );

    it.for(INSTANCES)(
      'reaches none of it from %s, and what the rules refused is counted',
      { timeout: PATIENCE_MS },
      async (instance) => {
        const rows = forbiddenTo(scene, instance);
        const before = await countedByNft(scene, instance);
        const arrived = (await scene.reached()).length;
        const met = await scene.inside(
          container(instance),
          rows.map(({ target }) => target),
        );
        expect(said(rows, met, (_row, got) => got === 'answered' || got === 'connected')).toEqual([]);
        expect((await scene.reached()).slice(arrived), 'the witness').toEqual([]);
        const after = await countedByNft(scene, instance);
        const expected = (what: Row['counted']) => rows.filter(({ counted }) => counted === what).length;
        expect(after.tcp - before.tcp).toBe(expected('tcp'));
        expect(after.udp - before.udp).toBe(expected('udp'));
        expect(after.dns - before.dns).toBeGreaterThanOrEqual(expected('dns'));
        expect(await scene.first.refusals(instance), 'what the session tells').toEqual(after);
      },
    );

    it(
      'has its calls by a peer’s name recorded, whether they pass or not',
      async () => {
        const calls = INSTANCES.flatMap((from) =>
          ['orders', 'payments', 'ledger'].map((to) => ({
            from: from.replace(/-0$/, ''),
            to,
            instance: from,
          })),
        );
        const before = scene.first.events({ limit: 1 }).at(-1)?.id ?? 0;
        const met: string[] = [];
        for (const { instance, to } of calls)
          met.push(...(await scene.inside(container(instance), [peerByName(to)])));
        const passed = calls.filter((_call, index) => met[index] === 'answered');
        expect(passed, 'the one that a policy allows').toEqual([
          { from: 'orders', to: 'payments', instance: 'orders-0' },
        ]);
        await scene.first.flush();
        const seen = scene.first
          .events({ after: before, limit: 1_000 })
          .filter(({ direction }) => direction === 'inbound')
          .map(({ from, to, decision }) => `${from.workload} → ${to.workload}: ${decision.verdict}`);
        expect([...new Set(seen)].sort()).toEqual(
          calls
            .map(
              ({ from, to }) =>
                `${from} → ${to}: ${from === 'orders' && to === 'payments' ? 'allow' : 'deny'}`,
            )
            .sort(),
        );
      },
      PATIENCE_MS,
    );

    it(
      'has strangers at its sidecars recorded, who get no answer',
      async () => {
        const ways = scene.first.listeners().filter(({ direction }) => direction === 'outbound');
        expect(ways.length).toBeGreaterThanOrEqual(INSTANCES.length);
        const before = scene.first.events({ limit: 1 }).at(-1)?.id ?? 0;
        const met = await scene.outside(
          driver === 'relay' ? 'host' : 'bridge',
          ways.map(({ host, port }) => call(host, port)),
        );
        expect(met).toEqual(ways.map(() => 'connected'));
        await scene.first.flush();
        const attacks = scene.first
          .events({ after: before, verdict: 'deny', limit: 1_000 })
          .filter(({ decision }) => decision.reason === 'not-own-instance');
        expect(attacks).toHaveLength(ways.length);
      },
      PATIENCE_MS,
    );

    it(
      'has a stranger in its own network recorded, by the stranger’s own address',
      async () => {
        const format = `{{(index .NetworkSettings.Networks "${network('orders-0')}").IPAddress}}`;
        const at =
          driver === 'relay'
            ? call(
                await dockerCli('inspect', '--format', format, `greenroom-${scene.first.id}-relay`),
                FIRST_PORT + 1,
              )
            : wayOf('orders-0');
        const before = scene.first.events({ limit: 1 }).at(-1)?.id ?? 0;
        expect(await scene.outside(network('orders-0'), [at])).toEqual(['connected']);
        await scene.first.flush();
        const [attack, ...more] = scene.first.events({ after: before, verdict: 'deny', limit: 10 });
        expect(attack).toMatchObject({
          owner: 'orders-0',
          direction: 'outbound',
          decision: { reason: 'not-own-instance' },
        });
        expect(more).toEqual([]);
        const [a, b, c] = at.host.split('.');
        expect(attack?.from.ip.startsWith(`${a}.${b}.${c}.`)).toBe(true);
        expect(scene.pods.map(({ address }) => address)).not.toContain(attack?.from.ip);
      },
      PATIENCE_MS,
    );

    it(
      'is called by no container of its own network either, and that is counted',
      async () => {
        const pod = scene.pods.find(
          ({ session, instance }) => session === scene.first && instance === 'orders-0',
        );
        if (pod === undefined) throw new Error('orders-0 has no address');
        const knock = call(pod.address, 8080);
        const before = await countedByNft(scene, 'orders-0');
        expect(await scene.outside(network('orders-0'), [knock])).toEqual(['silence']);
        expect(await scene.outside(pod.sidecarAt, [knock]), 'control').toEqual(['answered']);
        const after = await countedByNft(scene, 'orders-0');
        expect(after.inbound).toBeGreaterThan(before.inbound);
        expect({ ...after, inbound: 0 }).toEqual({ ...before, inbound: 0 });
      },
      PATIENCE_MS,
    );

    it(
      'is told of in `greenroom status`, also after a restart',
      async () => {
        const counted = await countedByNft(scene, 'orders-0');
        expect(counted.tcp).toBeGreaterThan(0);
        await scene.first.act('orders-0', { kind: 'restart' });
        const { code, stdout } = await greenroom(['status', '--format', 'json'], {
          env: { GREENROOM_DATA_DIR: scene.dataDir },
        });
        expect(code).toBe(0);
        const [status] = JSON.parse(stdout) as { id: string; pods: PodStatus[] }[];
        expect(status?.id).toBe(scene.first.id);
        expect(status?.pods.map(({ instance, container: state }) => [instance, state])).toEqual(
          [...INSTANCES].sort().map((instance) => [instance, 'running']),
        );
        const told = status?.pods.find(({ instance }) => instance === 'orders-0')?.refusals;
        expect(told, 'the canary of the new start isn’t among them').toEqual(counted);
        expect(await scene.second.refusals('other-0'), 'of one that tried nothing').toEqual(NOTHING);
      },
      PATIENCE_MS,
    );
  });
});

function unique(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row.target), row])).values()];
}

function said(
  rows: readonly Row[],
  met: readonly string[],
  wrong: (row: Row, met: string) => boolean,
): string[] {
  expect(met).toHaveLength(rows.length);
  return rows.flatMap((row, index) => {
    const got = met[index] ?? '';
    const { by, host, port } = row.target;
    return wrong(row, got) ? [`${row.what}: ${by} ${host} ${port} from ${row.control}: ${got}`] : [];
  });
}

/** Read past our own runtime. */
async function countedByNft({ first }: Scene, instance: string): Promise<Refusals> {
  const pod = `container:greenroom-${first.id}-${instance}-pod`;
  const asRoot = ['--user', '0', '--cap-add', 'NET_ADMIN', '--network', pod];
  const nft = ['nft', 'list', 'counters', 'table', 'inet', 'greenroom'];
  const listing = await dockerCli('run', '--rm', ...asRoot, BOX, ...nft);
  const packets = (name: string) =>
    Number(new RegExp(`counter ${name} \\{\\s+packets (\\d+)`).exec(listing)?.[1] ?? Number.NaN);
  return {
    tcp: packets('refused_tcp'),
    udp: packets('refused_udp'),
    dns: packets('refused_dns'),
    other: packets('refused_other'),
    inbound: packets('dropped_inbound'),
  };
}
