/** The faults of a scenario: in force while its steps run, and gone afterwards, however they end. */
import type { FaultKind, InjectedFault } from '../model/injected-fault.ts';
import type { ScenarioFault } from '../model/scenario-fault.ts';
import type { Session } from '../mesh/session.ts';
import { parseDuration } from './duration.ts';
import { findGateway, requireWorkload } from './places.ts';

function kindOf(fault: ScenarioFault): FaultKind {
  switch (fault.kind) {
    case 'delay':
      return { kind: 'delay', ms: parseDuration(fault.duration) };
    case 'abort':
      return { kind: 'abort', status: fault.status };
    case 'slow-bytes':
      return { kind: 'slow-bytes', bytesPerSecond: fault.bytesPerSecond };
    case 'reset':
    case 'black-hole':
      return { kind: fault.kind };
  }
}

function injectedFault(session: Session, fault: ScenarioFault): InjectedFault {
  const service = requireWorkload(session, fault.to).id;
  const { port } = fault;
  return {
    source: (findGateway(session, fault.from) ?? requireWorkload(session, fault.from)).id,
    destination: port === undefined ? { service } : { service, port },
    fault: kindOf(fault),
  };
}

/** Runs `steps` under `faults`; rejects when they can't be put in force, and then no step has run. */
export async function underFaults(
  session: Session,
  faults: readonly ScenarioFault[],
  steps: () => Promise<unknown>,
): Promise<void> {
  if (faults.length === 0) {
    await steps();
    return;
  }
  await session.injectFaults(faults.map((fault) => injectedFault(session, fault)));
  try {
    await steps();
  } finally {
    await session.injectFaults([]);
  }
}
