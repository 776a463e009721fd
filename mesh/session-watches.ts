/** Everything that a running session looks at on disk: its policies, its project file, the files of its services. */
import type { Mesh } from '../model/mesh.ts';
import { watchServices } from './develop-watch.ts';
import { looksOf, type PolicyWatch, watchedFolders, watchPolicies } from './policy-watch.ts';
import { watchProject } from './project-watch.ts';
import type { ServiceUpdates } from './runtimes/runtime.ts';
import type { SessionProblems } from './session-problems.ts';

export interface WatchedSession {
  /** As it is now. */
  mesh(): Mesh;
  problems: SessionProblems;
  reloadPolicies(): Promise<unknown>;
  /** Aborted when the session ends. */
  signal: AbortSignal;
}

export class SessionWatches {
  readonly #watched: WatchedSession;
  /** How its policy files looked when the session was made: services may start for minutes. */
  readonly #asRead: string;
  #policies: PolicyWatch | null = null;
  #endProject: (() => void) | null = null;
  #services: Promise<{ close(): void }> | null = null;

  constructor(watched: WatchedSession) {
    this.#watched = watched;
    this.#asRead = looksOf(watchedFolders(watched.mesh()));
  }

  /** `updates`: null = its services have no containers whose files could change. */
  begin(updates: ServiceUpdates | null): void {
    const { mesh, problems, reloadPolicies, signal } = this.#watched;
    const first = mesh();
    const edited = async (): Promise<void> => void (await reloadPolicies());
    this.#policies = watchPolicies(watchedFolders(first), edited, this.#asRead);
    this.#endProject = watchProject(first, (notice) => problems.needsRestart(notice));
    const told = problems.ofFiles.bind(problems);
    const instances = (id: string): string[] =>
      (mesh().workloads.find((one) => one.id === id)?.instances ?? []).map((instance) => instance.id);
    this.#services =
      updates && watchServices({ workloads: first.workloads, updates, instances, told, signal });
  }

  /** The policies of an edited mesh may lie elsewhere. */
  follow(mesh: Mesh): void {
    this.#policies?.follow(watchedFolders(mesh));
  }

  async close(): Promise<void> {
    this.#policies?.close();
    this.#endProject?.();
    (await this.#services)?.close();
  }
}
