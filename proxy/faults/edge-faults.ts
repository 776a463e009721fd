/** Which faults a rehearsal has injected on one edge, and what events say of them. */
import type { Finding } from '../../model/decision.ts';
import type { FaultKind, InjectedFault } from '../../model/injected-fault.ts';
import type { InForce } from '../in-force.ts';
import type { InstanceSnapshot } from '../snapshot.ts';

/** The faults of one edge, put together: delays add up, of the others the first of its kind counts. */
export interface EdgeFaults {
  delayMs: number;
  /** Status of the answer in the service's place; null = none. */
  abort: number | null;
  /** How connections to the service fail; null = they don't. */
  broken: 'reset' | 'black-hole' | null;
  /** null = as fast as they come. */
  bytesPerSecond: number | null;
  /** For every event of the edge. */
  findings: readonly Finding[];
}

/**
 * What is injected between `caller` and the service of `cluster`.
 *
 * @returns null where nothing is, which is nearly always.
 */
export function edgeFaults(
  inForce: InForce,
  caller: InstanceSnapshot,
  cluster: { host: string; port: number },
): EdgeFaults | null {
  const { faults = [] } = inForce.snapshot;
  if (faults.length === 0) return null;
  const service = inForce.serviceByHost(cluster.host);
  if (service === null) return null;
  const here = faults.filter(
    ({ source, destination }) =>
      source === caller.workload &&
      destination.service === service.id &&
      (destination.port === undefined || destination.port === cluster.port),
  );
  return here.length === 0 ? null : together(here);
}

function together(injected: readonly InjectedFault[]): EdgeFaults {
  const faults: EdgeFaults = {
    delayMs: 0,
    abort: null,
    broken: null,
    bytesPerSecond: null,
    findings: injected.map(findingOf),
  };
  for (const { fault } of injected) {
    switch (fault.kind) {
      case 'delay':
        faults.delayMs += fault.ms;
        break;
      case 'abort':
        faults.abort ??= fault.status;
        break;
      case 'reset':
      case 'black-hole':
        faults.broken ??= fault.kind;
        break;
      case 'slow-bytes':
        faults.bytesPerSecond ??= fault.bytesPerSecond;
        break;
    }
  }
  return faults;
}

function findingOf({ source, destination, fault }: InjectedFault): Finding {
  const port = destination.port === undefined ? '' : `:${destination.port}`;
  return {
    code: 'fault-injected',
    message: `The rehearsal injected a fault from ${source} to ${destination.service}${port}: ${describe(fault)}.`,
    remedy: 'None is needed: the scenario named the fault, and it goes when the scenario ends.',
  };
}

function describe(fault: FaultKind): string {
  switch (fault.kind) {
    case 'delay':
      return `a delay of ${fault.ms} ms`;
    case 'abort':
      return `an abort with status ${fault.status}`;
    case 'reset':
      return 'a reset connection';
    case 'black-hole':
      return 'a black hole, where nothing is answered';
    case 'slow-bytes':
      return `${fault.bytesPerSecond} bytes a second`;
  }
}
