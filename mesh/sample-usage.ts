/** What services and sidecars have used so far, at one moment. */
import type { UsageSample } from '../model/usage.ts';
import type { DataPlane } from '../proxy/data-plane.ts';
import type { Runtime } from './runtimes/runtime.ts';

/** Of what there is already; nothing is open afterwards. */
export async function sampleUsage(
  runtime: Runtime | null,
  dataPlane: DataPlane | null,
): Promise<UsageSample> {
  const [services, sidecars] = await Promise.all([
    runtime?.usage() ?? {},
    // A thread that died and isn't back has used nothing that could be told.
    dataPlane?.usage().catch(() => null) ?? null,
  ]);
  return { atMs: performance.now(), services, sidecars };
}
