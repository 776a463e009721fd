/** What an earlier crash left behind, processes and containers alike; told at each start, removed on request. */
import { findOrphans, type Orphan, type OrphanSource } from '../mesh/orphans.ts';
import { dockerOrphans } from '../mesh/runtimes/docker/orphans.ts';
import { note } from './output.ts';

/** Every place where something of ours may be left. */
function orphanSources(): OrphanSource[] {
  return [dockerOrphans()];
}

/** All orphans known now. */
export async function knownOrphans(dataDir: string): Promise<Orphan[]> {
  return await findOrphans(dataDir, orphanSources());
}

/** Names them on stderr, with the way to remove them. */
export async function announceOrphans(dataDir: string): Promise<void> {
  const orphans = await knownOrphans(dataDir);
  if (orphans.length === 0) return;
  for (const orphan of orphans) note(`left behind by an earlier crash: ${orphan.description}`);
  note('  hint: greenroom doctor --remove-orphans');
}
