/** Who a doctor is in an engine, where no session runs yet. */
import { randomBytes } from 'node:crypto';
import type { Owner } from './labels.ts';
import type { PodContext } from './pod.ts';

/** Anew each time, so that two never share a name: on an engine of several machines a process id is nobody's own. */
export function doctorSession(owner: Owner): PodContext['session'] {
  return { id: `doctor-${process.pid}-${randomBytes(3).toString('hex')}`, mesh: 'doctor', owner };
}
