/** The counters of a pod's rules: read by a one-shot container, since a service has no right to read them. */
import { randomBytes } from 'node:crypto';
import type { Refusals } from '../../../model/refusals.ts';
import type { Labels } from './container-body.ts';
import type { Engine } from './engine.ts';
import { labelledAs } from './labels.ts';
import { runOnce } from './one-shot.ts';
import { COUNTERS, COUNTERS_SCRIPT } from './rules.ts';

/** A pod as it is found in the engine. */
export interface HolderFacts {
  id: string;
  name: string;
  /** The helper image: it has nft. */
  image: string;
  labels: Labels;
}

/** What the rules of this pod refused; null where it has none, or is gone. */
export async function readRefusals(engine: Engine, holder: HolderFacts): Promise<Refusals | null> {
  if ((await engine.inspect(holder.id))?.state !== 'running') return null;
  const { code, lines } = await runOnce(engine, {
    network: `container:${holder.id}`,
    rights: 'rules',
    image: holder.image,
    // Two may read at once.
    name: `${holder.name}-counters-${randomBytes(4).toString('hex')}`,
    labels: labelledAs(holder.labels, 'rules'),
    script: COUNTERS_SCRIPT,
  });
  return code === 0 ? parseCounters(lines.join('\n')) : null;
}

/** Reads what `nft -j list counters` prints. Throws where one of ours isn't there: then these aren't our rules. */
export function parseCounters(json: string): Refusals {
  const packets = new Map<string, number>();
  const { nftables } = JSON.parse(json) as { nftables: { counter?: { name: string; packets: number } }[] };
  for (const { counter } of nftables) if (counter) packets.set(counter.name, counter.packets);
  const count = (what: keyof Refusals): number => {
    const found = packets.get(COUNTERS[what]);
    if (found === undefined) throw new Error(`nft lists no counter ${COUNTERS[what]}`);
    return found;
  };
  return {
    tcp: count('tcp'),
    udp: count('udp'),
    dns: count('dns'),
    other: count('other'),
    inbound: count('inbound'),
  };
}
