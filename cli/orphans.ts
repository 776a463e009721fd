/** What an earlier crash left behind, processes and containers alike; told at each start, removed on request. */
import { findOrphans, type Orphan, type OrphanSource, removeOrphans } from '../mesh/orphans.ts';
import { dockerOrphans } from '../mesh/runtimes/docker/orphans.ts';
import { note, printable } from './output.ts';

/** Every place where something of ours may be left. */
function orphanSources(dataDir: string): OrphanSource[] {
  return [dockerOrphans(dataDir)];
}

/** All orphans known now. */
export async function knownOrphans(dataDir: string): Promise<Orphan[]> {
  return await findOrphans(dataDir, orphanSources(dataDir));
}

/** Its description: labels and command lines may be anybody's, and hold any character. */
export function orphanWords({ description }: Orphan): string {
  return printable(description);
}

/** What a start does about them. */
export type WhatOfOrphans = 'announce' | 'remove';

/** Names them on stderr, and removes them or says how. One that can't be removed is named; the start goes on. */
export async function meetOrphans(dataDir: string, what: WhatOfOrphans): Promise<void> {
  const orphans = await knownOrphans(dataDir);
  if (orphans.length === 0) return;
  for (const orphan of orphans) note(`left behind by an earlier crash: ${orphanWords(orphan)}`);
  if (what === 'announce') {
    note('  hint: --remove-orphans removes them, here and with greenroom doctor');
    return;
  }
  const removed = await removeOrphans(orphans);
  for (const orphan of orphans)
    if (!removed.includes(orphan)) note(`could not be removed: ${orphanWords(orphan)}`);
  note(`removed ${removed.length}`);
  // Sessions of which nothing is left are forgotten.
  await knownOrphans(dataDir);
}
