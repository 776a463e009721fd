/** The instances of a service, as many as it shall have: the first ones always have the same names and addresses. */
import { podAddress } from './mesh-addresses.ts';
import type { Instance, Mesh } from './mesh.ts';

/** A workload has an address for as many. */
export const MOST_REPLICAS = 100;

/** `index`: the workload's place among all, sorted by id. */
export function replicasOf(workload: string, index: number, count: number): Instance[] {
  return Array.from({ length: count }, (_, replica) => ({
    id: `${workload}-${replica}`,
    workload,
    podIp: podAddress(index, replica),
  }));
}

/** The mesh with another number of instances of one workload; those that it keeps are the same objects. */
export function withReplicas(mesh: Mesh, workload: string, count: number): Mesh {
  const workloads = mesh.workloads.map((one, index) => {
    if (one.id !== workload) return one;
    const instances = replicasOf(one.id, index, count).map(
      (instance, replica) => one.instances[replica] ?? instance,
    );
    return { ...one, instances };
  });
  return { ...mesh, workloads };
}
