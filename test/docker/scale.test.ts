import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '../../mesh/session.ts';
import { startSession } from '../../mesh/start-session.ts';
import { callerAndCalled, constantLoad } from '../support/constant-load.ts';
import { BOX, buildBox } from '../support/docker-box.ts';
import { inEngine } from '../support/docker-cli.ts';
import { DRIVERS } from '../support/docker-drivers.ts';
import { containerOptions } from '../support/docker-mesh.ts';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { recordMeasurement } from '../support/measurement.ts';
import { eventually } from '../support/patience.ts';
import { describeWith } from '../support/requires.ts';

/** How far it goes up; `GREENROOM_SCALE_TO=20` on a machine that is left alone. */
const MOST = Number(process.env['GREENROOM_SCALE_TO'] ?? 6);
const PATIENCE_MS = 60_000 + MOST * 10_000;
/** By driver. */
const figures: Record<string, object> = {};

describe.each(DRIVERS)('under the $driver driver', ({ driver, runtime }) => {
  describeWith('docker', 'a service in containers, scaled under load', () => {
    let folder: Folder;
    let session: Session;

    beforeAll(async () => {
      await buildBox();
      folder = await temporaryFolder();
      const container = containerOptions({ stopGraceMs: 20_000 });
      session = await startSession({
        mesh: callerAndCalled({ image: BOX, container }, { LINGER: '500' }),
        runtime,
        dataDir: folder.path,
        readyTimeoutMs: PATIENCE_MS,
      });
    }, PATIENCE_MS);

    afterAll(async () => {
      await session?.stop();
      await folder?.remove();
      if (session) expect(await inEngine(`dev.greenroom.session=${session.id}`)).toEqual([]);
    }, PATIENCE_MS);

    it(
      `goes from 1 to ${MOST} and back to 1: no request fails but at an instance whose stop was told just before`,
      async () => {
        const all = Array.from({ length: MOST }, (_, replica) => `orders-${replica}`);
        const before = await inEngine(`dev.greenroom.session=${session.id}`);
        const load = constantLoad(session);
        const begun = performance.now();
        await session.scale('orders', MOST);
        const upMs = Math.round(performance.now() - begun);
        const everyone = new Set<string>();
        await eventually('each of them answers', () => {
          for (const instance of load.answeredBy()) everyone.add(instance);
          return everyone.size === MOST;
        });
        const full = performance.now();
        await session.scale('orders', 1);
        const downMs = Math.round(performance.now() - full);
        load.answeredBy();
        await eventually('the one that stays answers', () => load.answeredBy().has('orders-0'));
        const { requests, failures } = await load.end();
        expect(failures).toEqual([]);
        expect(requests).toBeGreaterThan(MOST);
        // Asked to stop, and left the time that it needed for it.
        const { lines } = session.logs({ search: 'last words', limit: 1_000 });
        expect(lines.map(({ instance }) => instance).toSorted()).toEqual(all.slice(1).toSorted());
        expect(await inEngine(`dev.greenroom.session=${session.id}`)).toEqual(before);
        figures[driver] = { requests, failed: failures.length, upMs, downMs };
        recordMeasurement(
          `scale-1-${MOST}-1`,
          `GREENROOM_MEASURE=1 GREENROOM_SUITE=docker GREENROOM_SCALE_TO=${MOST} npx vitest run test/docker/scale.test.ts`,
          figures,
        );
      },
      PATIENCE_MS,
    );

    it(
      'breaks off with the session, and nothing of the new ones is left',
      async () => {
        const scaling = session.scale('orders', 4);
        scaling.catch(() => undefined);
        await eventually('a new one is being made', async () =>
          (await inEngine(`dev.greenroom.session=${session.id}`)).some((name) =>
            name.endsWith('orders-2-pod'),
          ),
        );
        await session.stop();
        await expect(scaling).rejects.toBeDefined();
        expect(await inEngine(`dev.greenroom.session=${session.id}`)).toEqual([]);
      },
      PATIENCE_MS,
    );
  });
});
