/** Starts a session for a command, shows how far it is, and stops it however the command ends. */
import type { Mesh } from '../model/mesh.ts';
import { defaultDataDir } from '../mesh/data-dir.ts';
import type { Session } from '../mesh/session.ts';
import { loadProject } from '../mesh/load-project.ts';
import { startSession } from '../mesh/start-session.ts';
import { createProgress, note } from './output.ts';
import { chooseRuntime } from './choose-runtime.ts';
import type { RuntimeChoice } from './options.ts';
import { announceOrphans } from './orphans.ts';

export interface SessionOptions {
  mesh: Mesh;
  runtime: RuntimeChoice;
  signal: AbortSignal;
  /** Follow edits of the policy files. */
  watch: 'policies' | 'nothing';
}

/** Runs `body` with a started session; it is stopped when `body` ends, fails or is interrupted. */
export async function withSession<T>(
  options: SessionOptions,
  body: (session: Session) => Promise<T>,
): Promise<T> {
  const dataDir = defaultDataDir();
  await announceOrphans(dataDir);
  const progress = createProgress();
  const session = await startSession({
    mesh: options.mesh,
    runtime: await chooseRuntime(options.runtime, options.mesh),
    dataDir,
    signal: options.signal,
    watch: options.watch,
    reload: async () => await loadProject(options.mesh.root),
    onProgress: (state) => progress.show(state.progress ?? state.phase),
  }).finally(() => progress.done());
  try {
    return await body(session);
  } finally {
    await session
      .stop()
      .catch((error: unknown) => note(`stopping: ${error instanceof Error ? error.message : String(error)}`))
      .finally(() => progress.done());
  }
}

/** Resolves when the user asks to stop. */
export async function untilStopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
