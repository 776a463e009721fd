/** The same containers by the engine alone: one network, as `docker compose` has it, each up when its port answers. */
import { connectEngine } from '../../mesh/runtimes/docker/dockerode-engine.ts';
import { removeLabelled } from '../../mesh/runtimes/docker/removal.ts';
import { waitForPort } from '../../mesh/runtimes/process/readiness.ts';
import { dockerCli } from '../../test/support/docker-cli.ts';

export const IMAGE = 'greenroom-bench-small:latest';
export const PORT = 8080;
/** A web server of a megabyte that serves its own folder. */
export const COMMAND = ['busybox', 'httpd', '-f', '-p', String(PORT)];

const LABEL = 'dev.greenroom.bench';
const READY_TIMEOUT_MS = 120_000;

/** Starts them all at once; resolves when the last one answers. */
export async function startPlain(containers: number): Promise<{ upMs: number; remove(): Promise<void> }> {
  const engine = await connectEngine();
  const mark = `${process.pid}-${Date.now()}`;
  const labels = { [LABEL]: mark };
  const network = `greenroom-bench-${mark}`;
  const remove = async (): Promise<void> => {
    await removeLabelled(engine, `${LABEL}=${mark}`);
  };
  const startedAt = performance.now();
  try {
    await dockerCli('network', 'create', '--label', `${LABEL}=${mark}`, network);
    await Promise.all(
      Array.from({ length: containers }, async (_, index) => {
        const id = await engine.createContainer({
          name: `${network}-${index}`,
          image: IMAGE,
          labels,
          command: COMMAND,
          network,
          capabilitiesDropped: ['NET_ADMIN', 'NET_RAW'],
        });
        await engine.startContainer(id);
        const host = await engine.address(id, network);
        const what = `${network}-${index}`;
        const never = new AbortController().signal;
        await waitForPort({ what, host, port: PORT, timeoutMs: READY_TIMEOUT_MS }, never);
      }),
    );
    return { upMs: performance.now() - startedAt, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
