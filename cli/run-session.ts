/** Starts a session for a command, shows how far it is, and stops it however the command ends. */
import { type ControlSocket, serveControl } from '../host/control-socket.ts';
import { createHost, type Host } from '../host/host.ts';
import type { Mesh } from '../model/mesh.ts';
import { ComposeMemory } from '../mesh/compose-memory.ts';
import { defaultDataDir } from '../mesh/data-dir.ts';
import type { Session } from '../mesh/session.ts';
import { controlPath } from '../mesh/session-file.ts';
import { loadProject } from '../mesh/load-project.ts';
import { openSession } from '../mesh/start-session.ts';
import { startItLine } from './attached-lines.ts';
import { explainFailure } from './exit-codes.ts';
import { note } from './output.ts';
import { createProgress } from './progress.ts';
import { chooseRuntime } from './choose-runtime.ts';
import type { DriverChoice, RuntimeChoice } from './options.ts';
import { meetOrphans, type WhatOfOrphans } from './orphans.ts';

export interface SessionOptions {
  mesh: Mesh;
  /** What is known of its Compose files since it was read. */
  compose?: ComposeMemory;
  runtime: RuntimeChoice;
  /** Of the docker runtime; absent = auto. */
  driver?: DriverChoice;
  signal: AbortSignal;
  /** Follow edits of the policy files. */
  watch: 'policies' | 'nothing';
  /** Of sessions that died; default: they are named. */
  orphans?: WhatOfOrphans;
  /** Whether the start waits for those who attach until they come; default: as long as for any service. */
  attached?: 'awaited';
  /** What is to be there while services start, as the window is; without it `body` comes when they are up. */
  open?: (session: Session, host: Host) => Promise<OpenedEarly>;
}

export interface OpenedEarly {
  /** Says so, when nothing else stands on the terminal. */
  announce(): void;
  close(): Promise<void>;
}

/** Runs `body` with a started session; it is stopped when `body` ends, fails or is interrupted. */
export async function withSession<T>(
  options: SessionOptions,
  body: (session: Session, host: Host) => Promise<T>,
): Promise<T> {
  const dataDir = defaultDataDir();
  await meetOrphans(dataDir, options.orphans ?? 'announce');
  const progress = createProgress();
  const asked = new Set<string>();
  const compose = options.compose ?? new ComposeMemory();
  const { session, started } = await openSession({
    mesh: options.mesh,
    runtime: await chooseRuntime(options.runtime, options.driver ?? 'auto', options.mesh),
    dataDir,
    signal: options.signal,
    watch: options.watch,
    reload: async () => await loadProject(options.mesh.root, { compose }),
    ...(options.attached === 'awaited' ? { attachTimeoutMs: Number.POSITIVE_INFINITY } : {}),
    onProgress: (state) => {
      // A line of its own: what is shown in place is cut where the terminal ends.
      for (const instance of state.workloads.flatMap(({ instances }) => instances)) {
        const line = instance.status === 'starting' ? startItLine(instance) : null;
        if (line === null || asked.has(instance.id)) continue;
        asked.add(instance.id);
        progress.done();
        note(line);
      }
      progress.show(state.progress ?? state.phase, state.images);
    },
  }).finally(() => progress.done());
  const host = createHost(session);
  let opened: OpenedEarly | null = null;
  let control: ControlSocket | null = null;
  try {
    opened = (await options.open?.(session, host)) ?? null;
    progress.done();
    opened?.announce();
    await started.finally(() => progress.done());
    // A session that others can't reach is a session still.
    control = await serveControl(host, controlPath(dataDir, session.id)).catch((error: unknown) => {
      note(explainFailure(error).text);
      return null;
    });
    return await body(session, host);
  } finally {
    await opened?.close();
    await control?.close();
    host.close();
    await session
      .stop()
      .catch((error: unknown) => note(`stopping: ${explainFailure(error).text}`))
      .finally(() => progress.done());
  }
}
