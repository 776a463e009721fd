/** How a pod and this process reach each other: all that the network drivers differ in. */
import { setTimeout as pause } from 'node:timers/promises';
import type { EnvironmentError } from '../../../model/environment-error.ts';
import type { EgressPlan, InstancePlacement } from '../runtime.ts';
import type { Pod } from './pod.ts';

export type Driver = 'gateway' | 'relay';

/** A listener of ours that a pod can knock at, to prove the way. */
export interface Canary {
  /** At the address of the pod's sidecar. */
  port: number;
  /** Connections so far. */
  visits(): number;
  close(): Promise<void>;
}

const VISIT_PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 20;

/** Whether a pod that has knocked was heard here: on a busy machine, or through a relay, that may come after its end. */
export async function wasVisited(canary: Pick<Canary, 'visits'>): Promise<boolean> {
  const deadline = performance.now() + VISIT_PATIENCE_MS;
  while (canary.visits() === 0 && performance.now() < deadline) await pause(LOOK_EVERY_MS);
  return canary.visits() > 0;
}

export interface PodNetwork {
  readonly driver: Driver;
  /** Takes in a pod whose holder runs; the address at which the pod finds its sidecar, and whence that comes. */
  join(pod: Omit<Pod, 'sidecar'>): Promise<string>;
  openCanary(pod: Pod): Promise<Canary>;
  /** Why the canary wasn't reached, with what to do. */
  unreachable(pod: Pod): EnvironmentError;
  place(pod: Pod): Promise<InstancePlacement>;
  /** The way out as the pod sees it; the last one told is in force. */
  egress(pod: Pod, egress: EgressPlan): EgressPlan;
  /** Knocks at the application: null = it takes connections; else why not. */
  knock(pod: Pod, port: number): Promise<string | null>;
  /** Lets go of a pod's network, by its name, so that it can be removed; one that never joined is fine. */
  leave(name: string): Promise<void>;
  /** Closes what is on our side. */
  close(): Promise<void>;
}
