/** What a running session looks like from outside: the window's and `up`'s picture of it. */
import type { ImageProgress } from './image-progress.ts';
import type { AppProtocol } from './mesh.ts';
import type { Problem } from './problem.ts';

export type InstanceStatus =
  | 'pending'
  | 'starting'
  | 'ready'
  | 'paused'
  | 'restarting'
  | 'stopping'
  | 'stopped'
  | 'failed';

/** The detail of an instance that is `stopped` because its job has ended well. */
export const COMPLETED = 'completed';

export interface InstanceState {
  id: string;
  workload: string;
  status: InstanceStatus;
  /** What it waits for, or why it failed. */
  detail: string | null;
  podIp: string;
  restarts: number;
  /** A program that somebody else started: only its sidecar is ours, and nothing keeps others from its door. */
  attached?: {
    /** `host:port`, as the project file has it. */
    address: string;
    /** Absolute; holds its way out through its sidecar. */
    environmentFile: string;
  };
}

export interface WorkloadState {
  /** A gateway has no application behind its listeners; absent = a service. */
  kind?: 'gateway';
  id: string;
  name: string;
  namespace: string;
  serviceAccount: string;
  spiffeId: string;
  labels: Readonly<Record<string, string>>;
  ports: {
    name: string;
    port: number;
    targetPort: number;
    protocol: AppProtocol;
    mtls: 'STRICT' | 'PERMISSIVE' | 'DISABLE';
  }[];
  instances: InstanceState[];
  /** Certificate of its instances: end of validity and next renewal, ms since the epoch on the session's clock. */
  certificate: { notAfter: number; renewAt: number } | null;
}

/** The engine of the docker runtime doesn't answer: nobody sees its containers, and those that end stay so until it does. */
export interface EngineAbsence {
  why: string;
  /** Ms since the epoch. */
  since: number;
}

export interface SessionState {
  id: string;
  mesh: string;
  namespace: string;
  trustDomain: string;
  runtime: 'process' | 'docker';
  phase: 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';
  /** `starting orders (waiting for port 41231, 2 s)`: what it does now. */
  progress: string | null;
  workloads: WorkloadState[];
  /** Images that are or were fetched or built in this session, in the order in which that began. */
  images: readonly ImageProgress[];
  snapshot: { published: number; inForce: number | null; sidecars: number; acknowledged: number };
  /** Problems of the last edit; non-empty = the last valid policies stay in force. */
  problems: Problem[];
  recording: { events: number; denied: number; dropped: number };
  containment: 'full' | 'partial' | 'none';
  /** Null = it answers, or there is none to ask. */
  engineAbsence: EngineAbsence | null;
  clockOffsetMs: number;
}
