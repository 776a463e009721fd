/** The addresses of the model: the same on every start, for as many workloads as a project may name. */

/** 10.244.254.x and its like belong to gateways; .0 and .255 to nobody. */
const WORKLOADS_A_BLOCK = 253;
/** Leaves out .0 and .255, as networks do. */
const SERVICES_A_BLOCK = 254;

/** Pod address of an instance; both count from 0, a workload has at most 100 replicas. */
export function podAddress(workload: number, replica: number): string {
  const block = Math.floor(workload / WORKLOADS_A_BLOCK);
  return `10.${244 + block}.${(workload % WORKLOADS_A_BLOCK) + 1}.${replica + 1}`;
}

/** ClusterIP of a workload's service; counts from 0. */
export function clusterAddress(workload: number): string {
  const block = Math.floor(workload / SERVICES_A_BLOCK);
  return `10.96.${block}.${(workload % SERVICES_A_BLOCK) + 1}`;
}
