/** The engine, with one call that it refuses as long as that is wanted: what a full disk or a hung shim looks like. */
import { connectEngine } from '../../mesh/runtimes/docker/dockerode-engine.ts';
import type { Engine } from '../../mesh/runtimes/docker/engine.ts';
import { EnvironmentError } from '../../model/environment-error.ts';

export interface Refusing {
  connect(): Promise<Engine>;
  /** Calls of these names are refused. */
  refused: Set<keyof Engine>;
}

export const REFUSAL = 'The Docker engine did not do it: device or resource busy';

export function refusingEngine(): Refusing {
  const refused = new Set<keyof Engine>();
  return {
    refused,
    async connect() {
      return new Proxy(await connectEngine(), {
        get(target, name) {
          const own: unknown = Reflect.get(target, name);
          if (typeof own !== 'function') return own;
          if (refused.has(name as keyof Engine))
            return () => Promise.reject(new EnvironmentError('engine-refused', REFUSAL));
          return own.bind(target);
        },
      });
    },
  };
}
