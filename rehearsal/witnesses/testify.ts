/**
 * Questions every instance of a workload about a mark, after a positive control: a marked request sent straight to
 * the application's own port after the attack. Only who saw the control may say that nothing else came.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Instance, Workload } from '../../model/mesh.ts';
import type { Session } from '../../mesh/session.ts';
import { openConnection, type Target } from '../attackers/connect.ts';
import { exchange } from '../attackers/exchange.ts';
import { writeRequest } from '../attackers/http-request.ts';
import { createEchoWitness } from './echo-witness.ts';
import { createLogWitness } from './log-witness.ts';
import { markHeaders, type Testimony, type Witness, type WitnessedRequest } from './witness.ts';

/** No service has it; any answer will do, the witness only has to see it. */
const CONTROL_PATH = '/.well-known/greenroom/control';
const LOG_POLL_MS = 10;

/** Why there is no testimony; the step is `errored: unwitnessed`. */
export class UnwitnessedError extends Error {
  constructor(message: string, cause?: unknown) {
    super(`unwitnessed: ${message}`, { cause });
    this.name = 'UnwitnessedError';
  }
}

async function sendControl(application: Target, mark: string, signal: AbortSignal): Promise<void> {
  const socket = await openConnection(application, async () => undefined, signal);
  const bytes = writeRequest({
    method: 'GET',
    target: CONTROL_PATH,
    host: 'localhost',
    headers: markHeaders(mark),
    body: null,
  });
  const answer = await exchange(socket, bytes, 'GET', signal);
  if (answer.kind !== 'response')
    throw new Error(`the application gave the control no answer (${answer.kind})`);
}

/** Whether the control turns up; a log is asked again until `signal` says that the step's time is over. */
async function seesControl(witness: Witness, mark: string, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    if ((await witness.received(mark, signal)).length > 0) return true;
    if (witness.kind === 'echo') return false;
    try {
      await delay(LOG_POLL_MS, undefined, { signal });
    } catch {
      return false;
    }
  }
}

function createWitness(
  session: Session,
  workload: Workload,
  instance: Instance,
  application: Target,
): Witness {
  const witness = workload.run.witness;
  if (!witness)
    throw new UnwitnessedError(`${workload.id} has no witness; give it \`witness\` in greenroom.yaml`);
  return witness.kind === 'echo'
    ? createEchoWitness(application, witness.path)
    : createLogWitness(session, instance.id);
}

async function questionInstance(
  session: Session,
  workload: Workload,
  instance: Instance,
  port: number,
  marks: { step: string; control: string },
  signal: AbortSignal,
): Promise<WitnessedRequest[]> {
  const application = session.applicationAddress(instance.id, port);
  if (!application)
    throw new UnwitnessedError(`the address of ${instance.id}'s application on port ${port} isn't known`);
  const witness = createWitness(session, workload, instance, application);
  try {
    await sendControl(application, marks.control, signal);
    if (await seesControl(witness, marks.control, signal)) return await witness.received(marks.step, signal);
  } catch (error) {
    throw new UnwitnessedError(
      `the control at ${instance.id} failed: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
  throw new UnwitnessedError(
    `the ${witness.kind} of ${instance.id} didn't show the control, a marked request that did arrive`,
  );
}

/** What the witnesses of `workload` say about the step's mark. Throws `UnwitnessedError` when they can't say. */
export async function testify(
  session: Session,
  workload: Workload,
  port: number,
  marks: { step: string; control: string },
  signal: AbortSignal,
): Promise<Testimony> {
  const kind = workload.run.witness?.kind ?? 'echo';
  const answers = await Promise.all(
    workload.instances.map((instance) => questionInstance(session, workload, instance, port, marks, signal)),
  );
  if (answers.length === 0) throw new UnwitnessedError(`${workload.id} has no instance`);
  const requests = answers.flat();
  return { report: { kind, controlSeen: true, arrived: requests.length > 0 }, requests };
}
