/**
 * The loaded modules of a test process, as far as a mutation run needs them: forgotten, so that the next import
 * evaluates them anew, without asking the parent process for texts that it has sent already.
 */
import type { TestRunner } from 'vitest';

interface Loader {
  transport: { invoke: (name: string, data: unknown[]) => Promise<unknown> };
  evaluatedModules: { idToModuleMap: Map<string, LoadedModule> };
}

interface LoadedModule {
  promise: unknown;
  exports: unknown;
  evaluated: boolean;
  importers: Set<string>;
}

export class LoadedModules {
  readonly #modules: Loader['evaluatedModules'];

  /** Takes the loader of `runner`, which its type keeps private; sources don't change while a run lasts. */
  constructor(runner: TestRunner) {
    const { transport, evaluatedModules } = (runner as unknown as { moduleRunner: Loader }).moduleRunner;
    const ask = transport.invoke.bind(transport);
    transport.invoke = (name, data) => {
      const options = data[2] as { cached?: boolean } | undefined;
      return name === 'fetchModule' && options?.cached ? Promise.resolve({ cache: true }) : ask(name, data);
    };
    this.#modules = evaluatedModules;
  }

  /** The next import of `file`, or of what imports it, evaluates it anew; `file` is absolute. */
  forget(file: string): void {
    const ids = new Set([file]);
    for (const id of ids) {
      const loaded = this.#modules.idToModuleMap.get(id);
      if (!loaded || id.includes('/scripts/mutation/')) continue;
      for (const importer of loaded.importers) ids.add(importer);
      loaded.promise = undefined;
      loaded.exports = undefined;
      loaded.evaluated = false;
    }
  }
}
