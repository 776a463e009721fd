/**
 * A service whose log names what it got. Logs arrive late, so silence alone proves nothing: the control that follows
 * the attack must show up in the same log first.
 */
import type { Session } from '../../mesh/session.ts';
import type { Witness, WitnessedRequest } from './witness.ts';

const LINES = 10_000;
const REQUEST = /\b([A-Z]{3,10}) "?(\/[^\s"]*)/;

function readLine(text: string): WitnessedRequest {
  const [, method = '', path = ''] = REQUEST.exec(text) ?? [];
  return { method, path };
}

/** Reads the log of `instance`. */
export function createLogWitness(session: Session, instance: string): Witness {
  return {
    kind: 'log',
    received: async (mark) =>
      session
        .logs({ instances: [instance], limit: LINES })
        .lines.filter((line) => line.text.includes(mark))
        .map((line) => readLine(line.text)),
  };
}
