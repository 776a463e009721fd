/** A service that tells what it got, asked at its own port, past the sidecar. */
import { openConnection, type Target } from '../attackers/connect.ts';
import { exchange } from '../attackers/exchange.ts';
import { writeRequest } from '../attackers/http-request.ts';
import type { Witness, WitnessedRequest } from './witness.ts';

/** The body's `requests`, or null when it isn't the answer of an echo. */
function parseAnswer(text: string, mark: string): WitnessedRequest[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('requests' in value) || !Array.isArray(value.requests))
    return null;
  // A catch-all that answers anything with something JSON is no witness: it must name the mark that it was asked for.
  if (!('mark' in value) || value.mark !== mark) return null;
  const requests: WitnessedRequest[] = [];
  for (const each of value.requests as unknown[]) {
    if (typeof each !== 'object' || each === null || !('method' in each) || !('path' in each)) return null;
    requests.push({ method: String(each.method), path: String(each.path) });
  }
  return requests;
}

/** Asks `GET path?mark=…`; the answer is `{"mark": "…", "requests": [{"method", "path"}]}`. */
export function createEchoWitness(application: Target, path: string): Witness {
  return {
    kind: 'echo',
    async received(mark, signal) {
      const socket = await openConnection(application, async () => undefined, signal);
      const target = `${path}${path.includes('?') ? '&' : '?'}mark=${encodeURIComponent(mark)}`;
      const bytes = writeRequest({ method: 'GET', target, host: 'localhost', headers: {}, body: null });
      const answer = await exchange(socket, bytes, 'GET', signal);
      if (answer.kind !== 'response') throw new Error(`the echo at ${path} gave no answer (${answer.kind})`);
      const requests =
        answer.response.status === 200 ? parseAnswer(answer.response.body.toString('utf8'), mark) : null;
      if (!requests)
        throw new Error(
          `${path} is no echo: it answered ${answer.response.status} without the mark's requests`,
        );
      return requests;
    },
  };
}
