/** A host without a mesh, for the carriers' own tests: they carry, whatever is behind. */
import type { HostApi } from '../../bridge/contract.ts';
import type { Host } from '../../host/host.ts';
import type { Notice } from '../../host/notice.ts';

export interface FakeHost extends Host {
  tell(notice: Notice): void;
  readonly calls: unknown[][];
}

/** Answers `state`-like calls with their own name, and remembers every call. */
export function createFakeHost(): FakeHost {
  const sinks = new Set<(notice: Notice) => void>();
  const calls: unknown[][] = [];
  const api = new Proxy({} as HostApi, {
    get:
      (_target, name) =>
      async (...args: unknown[]) => {
        calls.push([name, ...args]);
        return name;
      },
  });
  return {
    api,
    calls,
    onNotice: (sink) => {
      sinks.add(sink);
      return () => sinks.delete(sink);
    },
    tell: (notice) => {
      for (const sink of sinks) sink(notice);
    },
    close: () => sinks.clear(),
  };
}
