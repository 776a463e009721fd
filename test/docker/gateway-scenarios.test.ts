import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readScenarios } from '../../host/scenarios.ts';
import { loadProject } from '../../mesh/load-project.ts';
import type { Session } from '../../mesh/session.ts';
import { startSession } from '../../mesh/start-session.ts';
import type { Mesh } from '../../model/mesh.ts';
import { runRehearsal } from '../../rehearsal/run-rehearsal.ts';
import { inEngine } from '../support/docker-cli.ts';
import { DRIVERS } from '../support/docker-drivers.ts';
import { buildNodeImage } from '../support/docker-images.ts';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { describeWith } from '../support/requires.ts';

const IMAGE = 'greenroom-test-shop-doors:latest';
const PATIENCE_MS = 240_000;
const at = (path: string): string => fileURLToPath(new URL(`../../scenarios/${path}`, import.meta.url));

/** The project as it is, with an image for every service, which has their programs where the shop's have them. */
async function doorsInContainers(): Promise<Mesh> {
  const { value, problems } = await loadProject(at('gateway'));
  if (!value) throw new Error(JSON.stringify(problems));
  return {
    ...value,
    workloads: value.workloads.map((workload) => {
      const command = workload.run.command?.map((word) => word.replace('../shop/', '')) ?? null;
      return { ...workload, run: { ...workload.run, command, image: IMAGE } };
    }),
  };
}

describe.each(DRIVERS)('under the $driver driver', ({ runtime }) => {
  describeWith('docker', 'the shop’s doors in containers', () => {
    let folder: Folder;
    let session: Session;

    beforeAll(async () => {
      await buildNodeImage(IMAGE, { folders: { '/app/services': at('shop/services') } });
      folder = await temporaryFolder();
      const mesh = await doorsInContainers();
      session = await startSession({ mesh, runtime, dataDir: folder.path, watch: 'nothing' });
    }, PATIENCE_MS);

    afterAll(async () => {
      await session?.stop();
      await folder?.remove();
      if (session) expect(await inEngine(`dev.greenroom.session=${session.id}`)).toEqual([]);
    });

    it('passes the same scenarios as in processes, which come in by the gateway', async () => {
      const scenarios = (await readScenarios(session.mesh)).flatMap(({ parsed }) => parsed ?? []);
      const report = await runRehearsal(session, scenarios);
      const verdicts = report.scenarios.map(({ id, verdict }) => `${id}: ${verdict}`);
      expect(verdicts).toEqual(scenarios.map(({ scenario }) => `${scenario.metadata.id}: passed`));
      expect(scenarios.length).toBeGreaterThanOrEqual(4);
    });
  });
});
