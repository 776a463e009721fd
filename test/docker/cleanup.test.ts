import { afterAll, beforeAll, expect, it } from 'vitest';
import { BOX, buildBox, ECHO_SERVICE, startSleeper } from '../support/docker-box.ts';
import { dockerCli, inEngine } from '../support/docker-cli.ts';
import { interruptedAt } from '../support/docker-counting.ts';
import { dockerBench, type Bench } from '../support/docker-mesh.ts';
import { describeWith } from '../support/requires.ts';

const DECOY = `greenroom-decoy-${process.pid}`;
const decoys = [DECOY, DECOY, `${DECOY}-half`, `${DECOY}-labelled`];
const services = ['orders', 'payments', 'reviews'].map((name) => ({
  name,
  image: BOX,
  command: ECHO_SERVICE,
}));

describeWith('docker', 'what a session leaves in the engine', () => {
  const nothingOf = async ({ sessionId }: Bench): Promise<void> => {
    expect(await inEngine(`dev.greenroom.session=${sessionId}`)).toEqual([]);
    // By name too: a label that was forgotten would hide what is left.
    expect((await inEngine()).filter((name) => name.includes(sessionId))).toEqual([]);
    expect((await inEngine()).filter((name) => name.startsWith(DECOY))).toEqual(decoys);
  };

  beforeAll(async () => {
    await buildBox();
    // Somebody else's: of another session, one with our other labels only, one without any.
    await dockerCli('network', 'create', '--label', 'dev.greenroom.session=somebody-else', DECOY);
    const labels = {
      '': [],
      '-labelled': ['--label', 'dev.greenroom.session=somebody-else'],
      '-half': ['--label', 'dev.greenroom.role=service'],
    };
    for (const [suffix, label] of Object.entries(labels)) {
      await startSleeper(`${DECOY}${suffix}`, '--network', DECOY, ...label);
    }
  });

  afterAll(async () => {
    for (const suffix of ['', '-labelled', '-half']) await dockerCli('rm', '--force', `${DECOY}${suffix}`);
    await dockerCli('network', 'rm', DECOY);
  });

  it('is nothing, and nothing of anybody else’s is gone', async () => {
    const bench = await dockerBench(services);
    await bench.up();
    expect(await inEngine(`dev.greenroom.session=${bench.sessionId}`)).toHaveLength(9);
    await bench.close();
    await nothingOf(bench);
    await bench.close();
  });

  it('is nothing after a failed start', async () => {
    const bench = await dockerBench([
      ...services,
      { name: 'broken', image: BOX, command: ['node', '-e', '0'] },
    ]);
    await expect(bench.up()).rejects.toMatchObject({ code: 'service-exited' });
    await bench.close();
    await nothingOf(bench);
  });

  it.each([1, 2, 3, 5, 8, 12, 16, 20])(
    'is nothing when the start is aborted after %i calls to the engine',
    async (calls) => {
      const abort = new AbortController();
      const bench = await dockerBench(
        services,
        interruptedAt(calls, () => abort.abort(new Error('interrupted'))),
      );
      const start = async () => {
        await bench.prepare(abort.signal);
        for (const { instance } of bench.placements) await bench.start(instance, abort.signal);
      };
      await expect(start()).rejects.toThrow('interrupted');
      await bench.close();
      await nothingOf(bench);
    },
  );

  it('is nothing when it is closed in the middle of a start, without an abort', async () => {
    let close: Promise<void> = Promise.resolve();
    const bench = await dockerBench(
      services,
      interruptedAt(9, () => (close = bench.close())),
    );
    await expect(bench.up()).rejects.toMatchObject({ code: 'runtime-closed' });
    await close;
    await nothingOf(bench);
  });

  it('refuses to start anything once it is closed', async () => {
    const bench = await dockerBench(services);
    await bench.close();
    await expect(bench.prepare()).rejects.toMatchObject({ code: 'runtime-closed' });
    await nothingOf(bench);
  });
});
