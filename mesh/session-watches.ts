/** Everything that a running session looks at on disk: its policies, its project file, the files of its services. */
import type { Mesh } from '../model/mesh.ts';
import { watchServices } from './develop-watch.ts';
import { type PolicyWatch, watchedFolders, watchPolicies } from './policy-watch.ts';
import { watchProject } from './project-watch.ts';
import type { ServiceUpdates } from './runtimes/runtime.ts';
import type { SessionProblems } from './session-problems.ts';

export interface WatchedSession {
  /** As it is now. */
  mesh(): Mesh;
  problems: SessionProblems;
  /** Null = its services have no containers whose files could change. */
  updates: ServiceUpdates | null;
  reloadPolicies(): Promise<unknown>;
  /** Aborted when the session ends. */
  signal: AbortSignal;
}

export class SessionWatches {
  readonly #policies: PolicyWatch;
  readonly #endProject: () => void;
  readonly #services: Promise<{ close(): void }> | null;

  constructor({ mesh, problems, updates, reloadPolicies, signal }: WatchedSession) {
    const first = mesh();
    this.#policies = watchPolicies(watchedFolders(first), async () => {
      await reloadPolicies();
    });
    this.#endProject = watchProject(first, (notice) => problems.needsRestart(notice));
    const told = problems.ofFiles.bind(problems);
    const instances = (id: string): string[] =>
      (mesh().workloads.find((one) => one.id === id)?.instances ?? []).map((instance) => instance.id);
    this.#services =
      updates && watchServices({ workloads: first.workloads, updates, instances, told, signal });
  }

  /** The policies of an edited mesh may lie elsewhere. */
  follow(mesh: Mesh): void {
    this.#policies.follow(watchedFolders(mesh));
  }

  async close(): Promise<void> {
    this.#policies.close();
    this.#endProject();
    (await this.#services)?.close();
  }
}
