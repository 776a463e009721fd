/**
 * The labels by which we know our own containers and networks again, and whose they are. Nothing is ever touched
 * by name: only what carries a session of ours.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Labels } from './container-body.ts';
import { isAlive, startOf, type ProcessRef } from '../../process-table.ts';

export const SESSION_LABEL = 'dev.greenroom.session';
export const OWNER_LABEL = 'dev.greenroom.owner';
export const MESH_LABEL = 'dev.greenroom.mesh';
export const INSTANCE_LABEL = 'dev.greenroom.instance';
const ROLE_LABEL = 'dev.greenroom.role';
/** On images that we made; no session owns those. */
export const IMAGE_LABEL = 'dev.greenroom.image';

export type Role = 'network' | 'holder' | 'rules' | 'service' | 'volume' | 'relay';

/** The Greenroom process that a session belongs to, and the machine on which its id means something. */
export interface Owner extends ProcessRef {
  /** Machine, and process namespace on it: an engine may serve several (a dev container with the engine's socket). */
  realm: string;
  /** Changes with every start of the machine. */
  boot: string;
}

/** This process as an owner. */
export function thisOwner(): Owner {
  return { pid: process.pid, startedAt: startOf(process.pid), realm: thisRealm(), boot: thisBoot() };
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

/** Whether the owner surely is gone. Another machine's process can't be seen from here: it counts as alive. */
export function isGone(owner: Owner): boolean {
  if (owner.realm !== thisRealm()) return false;
  return owner.boot !== thisBoot() || !isAlive(owner);
}

function thisRealm(): string {
  return realmOf({
    machine: firstLine('/etc/machine-id'),
    host: hostname(),
    processes: link('/proc/self/ns/pid'),
  });
}

/**
 * Machines made of one image share their id, and every first process namespace has the same number: the host's name is
 * part of it. As a digest, since labels are read by all who use the engine, and a machine's id isn't for them
 * (machine-id(5)).
 */
export function realmOf(place: { machine: string | null; host: string; processes: string | null }): string {
  const { machine, host, processes } = place;
  return createHash('sha256')
    .update(JSON.stringify([machine, host, processes]))
    .digest('hex')
    .slice(0, 32);
}

function thisBoot(): string {
  return firstLine('/proc/sys/kernel/random/boot_id') ?? '';
}

function firstLine(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').split('\n')[0] || null;
  } catch {
    return null;
  }
}

function link(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
