/** The runtime of a session, and what it is told of it. */
import type { Instance, Mesh, Workload } from '../model/mesh.ts';
import type { InstanceStatus } from '../model/session-state.ts';
import type { LogRing } from './log-ring.ts';
import { withAttached } from './runtimes/attached/attached-runtime.ts';
import { processRuntime } from './runtimes/process/process-runtime.ts';
import type { Runtime, RuntimeContext } from './runtimes/runtime.ts';
import type { SessionBoard } from './session-board.ts';
import type { StartSessionOptions } from './session.ts';

const READY_TIMEOUT_MS = 20_000;

export interface RuntimeParts {
  session: string;
  mesh: Mesh;
  ledger: RuntimeContext['ledger'];
  board: SessionBoard;
  logs: LogRing;
  onStatus(instance: string, status: InstanceStatus, detail: string | null): void;
}

/** The one that was asked for, with attached services beside it; nothing is started. */
export function openRuntime(
  { runtime, dataDir, readyTimeoutMs, attachTimeoutMs }: StartSessionOptions,
  { session, mesh, ledger, board, logs, onStatus }: RuntimeParts,
): Promise<Runtime> {
  const others = runtime === 'process' ? processRuntime() : runtime;
  const open = withAttached(others, attachTimeoutMs);
  return open({
    sessionId: session,
    mesh,
    dataDir,
    ledger,
    readyTimeoutMs: readyTimeoutMs ?? READY_TIMEOUT_MS,
    events: {
      onStatus,
      onImage: (progress) => board.image(progress),
      onEngine: (engineAbsence) => board.set({ engineAbsence }),
      onLog: (instance, line) => logs.add({ instance, ...line }),
    },
  });
}

/** Each instance with its workload. */
export function instancesOf({ workloads }: Mesh): { instance: Instance; workload: Workload }[] {
  return workloads.flatMap((workload) => workload.instances.map((instance) => ({ instance, workload })));
}
