/**
 * The labels by which we know our own containers and networks again, and whose they are. Nothing is ever touched
 * by name: only what carries a session of ours.
 */
import type { Labels } from './container-body.ts';
import { isAlive, startOf, type ProcessRef } from '../../process-table.ts';
import { firstLine } from './realm.ts';

export const SESSION_LABEL = 'dev.greenroom.session';
export const OWNER_LABEL = 'dev.greenroom.owner';
export const MESH_LABEL = 'dev.greenroom.mesh';
export const INSTANCE_LABEL = 'dev.greenroom.instance';
const ROLE_LABEL = 'dev.greenroom.role';
/** On images that we made; no session owns those. */
export const IMAGE_LABEL = 'dev.greenroom.image';

export type Role = 'network' | 'holder' | 'rules' | 'service' | 'volume' | 'relay';

/** The Greenroom process that a session belongs to. */
export interface Owner extends ProcessRef {
  /** Where its id means something. */
  realm: string;
  /** Changes with every start of the machine. */
  boot: string;
}

/** This process as an owner; `realm`: as `thisRealm` has it. */
export function thisOwner(realm: string): Owner {
  return { pid: process.pid, startedAt: startOf(process.pid), realm, boot: thisBoot() };
}

/** Labels of one thing that a session makes. */
export function labelsOf(
  session: { id: string; mesh: string; owner: Owner },
  instance: string,
  role: Role,
): Labels {
  return {
    [SESSION_LABEL]: session.id,
    [OWNER_LABEL]: JSON.stringify(session.owner),
    [MESH_LABEL]: session.mesh,
    [INSTANCE_LABEL]: instance,
    [ROLE_LABEL]: role,
  };
}

/** The labels of one thing, for another of the same instance. */
export function labelledAs(labels: Labels, role: Role): Labels {
  return { ...labels, [ROLE_LABEL]: role };
}

/** Whether this is what a session made in that role. */
export function isRole(labels: Labels, role: Role): boolean {
  return labels[ROLE_LABEL] === role;
}

/** The owner that a label names; null = not a label of ours. */
export function ownerOf(labels: Labels): Owner | null {
  let value: unknown;
  try {
    value = JSON.parse(labels[OWNER_LABEL] ?? '');
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { pid, startedAt, realm, boot } = value as Record<string, unknown>;
  if (typeof pid !== 'number' || typeof realm !== 'string' || typeof boot !== 'string') return null;
  if (startedAt !== null && typeof startedAt !== 'string') return null;
  return { pid, startedAt, realm, boot };
}

/** Whether the owner surely is gone. A process of another realm can't be seen from here: it counts as alive. */
export function isGone(owner: Owner, realm: string): boolean {
  if (owner.realm !== realm) return false;
  return owner.boot !== thisBoot() || !isAlive(owner);
}

function thisBoot(): string {
  return firstLine('/proc/sys/kernel/random/boot_id') ?? '';
}
