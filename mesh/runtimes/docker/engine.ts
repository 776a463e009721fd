/** What this runtime asks of an engine. It knows nothing of meshes, and touches only what it is given by id. */
import type { Duplex, Readable } from 'node:stream';
import type { ServiceUsage } from '../../../model/usage.ts';
import type { ExecRequest, ExecStream } from '../exec.ts';
import type { ContainerSpec, Labels } from './container-body.ts';
import type { ContainerOutput } from './container-output.ts';
import type { EngineEndpoint } from './endpoint.ts';
import type { EngineFacts } from './engine-facts.ts';
import type { NetworkSpec } from './network-body.ts';
import type { PullMessage } from './pull-layers.ts';
import type { RegistryAuth } from './registry-credentials.ts';

export interface Owned {
  id: string;
  name: string;
  labels: Labels;
}

export interface OwnedContainer extends Owned {
  image: string;
  /** The engine's word: `created`, `running`, `exited`, … */
  state: string;
}

export interface PullRequest {
  /** With tag or digest: without either, an engine fetches every tag there is. */
  reference: string;
  platform?: string;
  auth: RegistryAuth | null;
  signal: AbortSignal;
}

/** A container as it is now. */
export interface ContainerFacts {
  /** The engine's word: `created`, `running`, `paused`, `exited`, … */
  state: string;
  /** Changes with every start: a container that was started again has new namespaces. */
  startedAt: string;
  /** A process in it was killed for want of memory, since its last start. */
  outOfMemory: boolean;
}

export interface RunAs {
  user: string;
  signal: AbortSignal;
}

/** What this runtime asks of an engine. */
export interface Engine {
  readonly endpoint: EngineEndpoint;
  facts(): Promise<EngineFacts>;
  /** Null = it answers; else why it doesn't. Asked anew each time: an open connection proves nothing. */
  silence(): Promise<string | null>;
  /** Resolves when the engine breaks off what it tells us, as it does when it goes away; or with the signal. */
  brokenOff(signal: AbortSignal): Promise<void>;
  /** Null = there is no such container. */
  inspect(id: string): Promise<ContainerFacts | null>;
  hasImage(reference: string): Promise<boolean>;
  /** Milliseconds since the epoch when the image last got this name; null where there is none, or it isn't told. */
  imageTaggedAt(reference: string): Promise<number | null>;
  importImage(tar: Readable, repository: string, tag: string, changes: readonly string[]): Promise<void>;
  /**
   * Has the engine fetch an image; resolves when it has it. Rejects with a `PullRefusal` that holds the engine's own
   * words, or with the signal's reason: the engine stops then.
   */
  pull(request: PullRequest, sink: (message: PullMessage) => void): Promise<void>;
  createNetwork(spec: NetworkSpec): Promise<string>;
  networks(label: string): Promise<Owned[]>;
  removeNetwork(id: string): Promise<void>;
  /** Puts a running container into one more network, at an address that it keeps. */
  joinNetwork(network: string, container: string, address: string): Promise<void>;
  /** Takes it out again. One that isn't there any more is fine. */
  leaveNetwork(network: string, container: string): Promise<void>;
  createContainer(spec: ContainerSpec): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** Starts a program in a running container: a stream of its standard input and output. */
  execute(id: string, command: readonly string[]): Promise<Duplex>;
  /** Unpacks a tar archive in a folder of a container, started or not; absent = at its root. */
  putArchive(id: string, tar: Buffer, folder?: string): Promise<void>;
  /** The id of an image; null = the engine has none of this name. */
  imageId(reference: string): Promise<string | null>;
  /** Removes an image that has no name any more; one that is named or used stays. */
  removeNameless(id: string): Promise<void>;
  /**
   * Runs a command in a running container as this user, without a terminal; its exit code and its last lines. Rejects
   * with the signal's reason when that is aborted: the command goes on until it or its container ends.
   */
  runIn(id: string, command: readonly string[], as: RunAs): Promise<{ code: number; output: string }>;
  /** Runs a command in a running container for a person. */
  exec(id: string, request: ExecRequest): Promise<ExecStream>;
  /** `none` = it has no health check. */
  health(id: string): Promise<'none' | 'starting' | 'healthy' | 'unhealthy'>;
  createVolume(spec: { name: string; labels: Labels }): Promise<void>;
  volumes(label: string): Promise<Owned[]>;
  removeVolume(name: string): Promise<void>;
  containers(label: string): Promise<OwnedContainer[]>;
  /** What a container has used so far, at once and of this moment; null where it doesn't run. */
  usage(id: string): Promise<ServiceUsage | null>;
  /** The container's address on its network. */
  address(id: string, network: string): Promise<string>;
  /** Resolves with the exit code once the container has stopped; starts to wait before it returns. */
  exited(id: string): Promise<number>;
  /**
   * Follows the output until the container stops; resolves after the last line. `since`: seconds since the epoch,
   * before which nothing is told again.
   */
  follow(id: string, sink: ContainerOutput, since?: number): Promise<void>;
  pauseContainer(id: string): Promise<void>;
  unpauseContainer(id: string): Promise<void>;
  /** Sends a signal to its first process. */
  killContainer(id: string, signal: string): Promise<void>;
  /** Asks the container to stop and kills it after the grace. A stopped or vanished one is fine. */
  stopContainer(id: string, graceS: number): Promise<void>;
  /** With its anonymous volumes. A vanished one is fine. */
  removeContainer(id: string): Promise<void>;
}
