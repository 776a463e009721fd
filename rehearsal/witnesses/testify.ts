/**
 * Questions every instance of a workload about a mark, between two positive controls: marked requests sent straight
 * to the application's own port, one before the attack, one after it. Only who saw both may say that nothing else
 * came: a service that the attack made start again has forgotten the first, and the attack with it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Instance, Workload } from '../../model/mesh.ts';
import type { Session } from '../../mesh/session.ts';
import { messageOf } from '../../model/message-of.ts';
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

async function sendControl(
  application: Target,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const socket = await openConnection(application, async () => undefined, signal);
  const bytes = writeRequest({
    method: 'GET',
    target: CONTROL_PATH,
    host: 'localhost',
    headers,
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

/** Marks of one step; none is ever used twice. */
export interface Marks {
  step: string;
  before: string;
  after: string;
}

/** What a witness is asked about. */
export interface Question {
  workload: Workload;
  /** Workload port. */
  port: number;
  marks: Marks;
  /** Names of the header fields that the scenario sets itself. */
  ownHeaders: readonly string[];
  /** The request's target, as written. */
  target: string;
}

/** An echo tells of no request for its own page, so about those it is no witness. */
function asksTheEcho(witness: Workload['run']['witness'], target: string): boolean {
  if (witness?.kind !== 'echo') return false;
  let read = target;
  try {
    read = decodeURIComponent(target);
  } catch {
    // A broken escape: then as written.
  }
  return [target, read].some((text) => text.toLowerCase().includes(witness.path.toLowerCase()));
}

/** A log that shows no mark is most often one that prints too little: it is said what to print. */
function unseen(witness: Witness, instance: Instance, ownHeaders: readonly string[]): string {
  if (witness.kind === 'echo')
    return `the echo of ${instance.id} didn't show the control, a marked request that did arrive`;
  const fields = Object.keys(markHeaders('', ownHeaders)).join(', ');
  return `the log of ${instance.id} never showed the mark of the control, a request that did arrive; let the service print a line a request, with its method, its path and one of its headers ${fields}`;
}

async function questionInstance(
  session: Session,
  instance: Instance,
  { workload, port, marks, ownHeaders, target }: Question,
  signal: AbortSignal,
): Promise<(signal: AbortSignal) => Promise<WitnessedRequest[]>> {
  const application = session.applicationAddress(instance.id, port);
  if (!application)
    throw new UnwitnessedError(`the address of ${instance.id}'s application on port ${port} isn't known`);
  const witness = createWitness(session, workload, instance, application);
  if (asksTheEcho(workload.run.witness, target))
    throw new UnwitnessedError(`the echo of ${instance.id} doesn't tell of requests for its own page`);
  const failed = (error: unknown): UnwitnessedError =>
    new UnwitnessedError(`the control at ${instance.id} failed: ${messageOf(error)}`, error);
  await sendControl(application, markHeaders(marks.before, ownHeaders), signal).catch((error: unknown) => {
    throw failed(error);
  });
  return async (signal) => {
    let seen = { after: false, before: false };
    try {
      await sendControl(application, markHeaders(marks.after, ownHeaders), signal);
      seen = { ...seen, after: await seesControl(witness, marks.after, signal) };
      // Asked in this order: what arrived is known before the first control proves that nothing was forgotten.
      const arrived = seen.after ? await witness.received(marks.step, signal) : [];
      seen = { ...seen, before: seen.after && (await seesControl(witness, marks.before, signal)) };
      if (seen.before) return arrived;
    } catch (error) {
      // Out of time: whoever set the time says so.
      throw signal.aborted ? error : failed(error);
    }
    throw new UnwitnessedError(
      seen.after
        ? `the ${witness.kind} of ${instance.id} forgot the control from before the attack: it may have started again`
        : unseen(witness, instance, ownHeaders),
    );
  };
}

/** Gives testimony after the attack. Throws `UnwitnessedError` when the witnesses can't say. */
export type Testify = (signal: AbortSignal) => Promise<Testimony>;

/** Sends the first control; to be called before the attack. A witness that can't be had is told by the testimony. */
export async function callWitnesses(
  session: Session,
  question: Question,
  signal: AbortSignal,
): Promise<Testify> {
  const { workload } = question;
  const called = await Promise.allSettled(
    workload.instances.map((instance) => questionInstance(session, instance, question, signal)),
  );
  return async (signal) => {
    const kind = workload.run.witness?.kind ?? 'echo';
    const answers = await Promise.all(
      called.map(async (witness) => {
        if (witness.status === 'rejected') throw witness.reason;
        return await witness.value(signal);
      }),
    );
    if (answers.length === 0) throw new UnwitnessedError(`${workload.id} has no instance`);
    const requests = answers.flat();
    return { report: { kind, controlSeen: true, arrived: requests.length > 0 }, requests };
  };
}
