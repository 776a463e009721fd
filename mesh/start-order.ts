/** Which instances wait for which others at the start: what services say they depend on, each for all of its instances. */
import type { Mesh } from '../model/mesh.ts';

/** Ids by the id of the one that waits. */
export function startOrder(mesh: Mesh): Map<string, string[]> {
  return new Map(
    mesh.workloads.flatMap((workload) => {
      const awaited = (workload.run.container?.dependsOn ?? []).flatMap(({ service }) =>
        mesh.workloads
          .filter(({ name, namespace }) => name === service && namespace === workload.namespace)
          .flatMap(({ instances }) => instances.map(({ id }) => id)),
      );
      return workload.instances.map(({ id }): [string, string[]] => [id, awaited]);
    }),
  );
}
