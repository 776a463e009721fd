/** Reason phrases as Envoy writes them, whatever the upstream said: where its table differs from Node's. */
import { STATUS_CODES } from 'node:http';

const OWN: Readonly<Record<number, string>> = {
  599: 'Last Unassigned Server Error Code',
};
/** Node has words for these, Envoy hasn't. */
const UNNAMED: ReadonlySet<number> = new Set([102, 103, 418, 425, 451, 509]);

/** `OK` of 200; `Unknown` of what has no phrase. */
export function reasonPhrase(status: number): string {
  return OWN[status] ?? (UNNAMED.has(status) ? undefined : STATUS_CODES[status]) ?? 'Unknown';
}
