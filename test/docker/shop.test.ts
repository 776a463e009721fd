import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readScenarios } from '../../host/scenarios.ts';
import { loadProject } from '../../mesh/load-project.ts';
import type { Session } from '../../mesh/session.ts';
import { startSession } from '../../mesh/start-session.ts';
import type { Mesh } from '../../model/mesh.ts';
import { runRehearsal } from '../../rehearsal/run-rehearsal.ts';
import { buildBox, dialFromAnywhere } from '../support/docker-box.ts';
import { dockerExec, inEngine } from '../support/docker-cli.ts';
import { DRIVERS, podAddress } from '../support/docker-drivers.ts';
import { buildNodeImage } from '../support/docker-images.ts';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { describeWith } from '../support/requires.ts';

const IMAGE = 'greenroom-test-shop:latest';
const PATIENCE_MS = 240_000;
const shop = fileURLToPath(new URL('../../scenarios/shop', import.meta.url));

/** The shop as it is, with an image for every service: what a user's `image:` line would say. */
async function shopInContainers(): Promise<Mesh> {
  const { value, problems } = await loadProject(shop);
  if (!value) throw new Error(JSON.stringify(problems));
  return {
    ...value,
    workloads: value.workloads.map((workload) => ({ ...workload, run: { ...workload.run, image: IMAGE } })),
  };
}

describe.each(DRIVERS)('under the $driver driver', ({ driver, runtime }) => {
  describeWith('docker', 'the shop in containers', () => {
    let folder: Folder;
    let session: Session;

    beforeAll(async () => {
      await buildNodeImage(IMAGE, { folders: { '/app/services': `${shop}/services` } });
      await buildBox();
      folder = await temporaryFolder();
      session = await startSession({
        mesh: await shopInContainers(),
        runtime,
        dataDir: folder.path,
        watch: 'nothing',
      });
    }, PATIENCE_MS);

    afterAll(async () => {
      await session?.stop();
      await folder?.remove();
      if (session) expect(await inEngine(`dev.greenroom.session=${session.id}`)).toEqual([]);
    });

    it('can’t be called past the sidecars: a service’s own fetch is judged like any other', async () => {
      const container = `greenroom-${session.id}-inventory-0-service`;
      const fetching = (url: string) =>
        dockerExec(
          container,
          'node',
          '-e',
          `fetch(${JSON.stringify(url)}, { method: 'POST' }).then((r) => console.log(r.status), (e) => console.log(e.cause.code))`,
        );
      expect((await fetching('http://payments.billing/charge')).output).toBe('403');
      const payments = await podAddress(session, 'payments-0');
      expect((await fetching(`http://${payments}:8080/charge`)).output).toBe('ECONNREFUSED');
      await session.flush();
      const [denied] = session.events({ verdict: 'deny', workload: 'payments', limit: 1 });
      expect(denied).toMatchObject({
        from: { workload: 'inventory' },
        decision: { verdict: 'deny', phase: 'allow' },
      });
    });

    it('records a stranger at a sidecar’s way out, who gets no answer', async () => {
      const way = session
        .listeners()
        .find(({ instance, direction }) => instance === 'orders-0' && direction === 'outbound');
      if (!way) throw new Error('orders-0 has no way out');
      const where = driver === 'relay' ? 'host' : 'bridge';
      expect(await dialFromAnywhere(way.host, way.port, where)).toMatch(/closed|ECONNRESET/);
      await session.flush();
      const [attack] = session.events({ verdict: 'deny', limit: 1 });
      expect(attack).toMatchObject({
        owner: 'orders-0',
        direction: 'outbound',
        decision: { reason: 'not-own-instance' },
      });
    });

    it('is contained in full, each instance ready', () => {
      const state = session.state();
      expect([state.runtime, state.containment, state.phase]).toEqual(['docker', 'full', 'running']);
      expect(state.workloads.flatMap(({ instances }) => instances.map(({ status }) => status))).toEqual(
        Array(6).fill('ready'),
      );
    });

    it('passes the same scenarios as in processes', async () => {
      const scenarios = (await readScenarios(session.mesh)).flatMap(({ parsed }) => parsed ?? []);
      const report = await runRehearsal(session, scenarios);
      const verdicts = report.scenarios.map(({ id, verdict }) => `${id}: ${verdict}`);
      expect(verdicts).toEqual(scenarios.map(({ scenario }) => `${scenario.metadata.id}: passed`));
      expect(scenarios.length).toBeGreaterThanOrEqual(8);
    });
  });
});
