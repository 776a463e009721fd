/**
 * The engine as this runtime needs it, over dockerode (imported nowhere else). Owns the translation of the
 * engine's errors into `EnvironmentError`s; knows nothing of meshes, and touches only what it is given by id.
 */
import { Duplex, PassThrough, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import Docker from 'dockerode';
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { ServiceUsage } from '../../../model/usage.ts';
import { containerBody, type ContainerSpec, type Labels } from './container-body.ts';
import { engineEndpoint, type EngineEndpoint } from './endpoint.ts';
import { containerUsage } from './container-usage.ts';
import { EngineAway, isConnectionError, wordsOf } from './engine-away.ts';
import type { ExecRequest, ExecStream, TerminalSize } from '../exec.ts';
import { execStream } from './engine-exec.ts';
import { found, translated } from './engine-errors.ts';
import { eachLine } from './lines.ts';
import { noEngine } from './no-engine.ts';
import { transportTo } from './transport.ts';
import type { PullMessage } from './pull-layers.ts';
import type { RegistryAuth } from './registry-credentials.ts';

/** Longest wait for an engine's first answer; ssh takes up to 30 s to give up by itself. */
const PING_TIMEOUT_MS = 10_000;
const PING_OVER_SSH_TIMEOUT_MS = 35_000;

export interface EngineFacts {
  product: 'Docker' | 'Podman';
  version: string;
  /** `linux` or `windows`: what the engine's containers are. */
  containerOs: string;
  /** `Debian GNU/Linux 12`, `Docker Desktop`, … */
  operatingSystem: string;
  rootless: boolean;
  /** As `uname -m` says it: `x86_64`, `aarch64`. */
  architecture: string;
}

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

export type ContainerOutput = (line: { stream: 'stdout' | 'stderr'; text: string }) => void;

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
  createNetwork(spec: { name: string; subnet: string; gateway: string; labels: Labels }): Promise<string>;
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
  /** Unpacks a tar archive at the root of a container, started or not. */
  putArchive(id: string, tar: Buffer): Promise<void>;
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

/**
 * Connects to the engine and makes sure that it answers.
 * @throws EnvironmentError `no-engine`, with what to do about it
 */
export async function connectEngine(endpoint: EngineEndpoint = engineEndpoint()): Promise<Engine> {
  try {
    const docker = new Docker(transportTo(endpoint) as Docker.DockerOptions);
    const patienceMs = endpoint.url.startsWith('ssh:') ? PING_OVER_SSH_TIMEOUT_MS : PING_TIMEOUT_MS;
    await within(patienceMs, (abortSignal) => (docker as Docker & AbortablePing).ping({ abortSignal }));
    return new DockerEngine(docker, endpoint);
  } catch (cause) {
    throw noEngine(endpoint, cause);
  }
}

/** Podman tells its architecture as Go does. */
const UNAME: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

/** What dockerode takes and its types don't know. */
interface AbortablePing {
  ping(options: { abortSignal: AbortSignal }): Promise<unknown>;
}

async function within<T>(ms: number, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(ms);
  try {
    return await ask(signal);
  } catch (cause) {
    throw signal.aborted ? new Error(`no answer within ${ms / 1000} s`, { cause }) : cause;
  }
}

class DockerEngine implements Engine {
  readonly endpoint: EngineEndpoint;
  readonly #docker: Docker;

  constructor(docker: Docker, endpoint: EngineEndpoint) {
    this.#docker = docker;
    this.endpoint = endpoint;
  }

  async facts(): Promise<EngineFacts> {
    const info: {
      ServerVersion?: string;
      OSType?: string;
      OperatingSystem?: string;
      SecurityOptions?: string[];
      Architecture?: string;
    } = await translated('ask the engine what it is', this.#docker.info());
    const { Components: parts } = await translated('ask the engine what it is', this.#docker.version());
    return {
      product: (parts ?? []).some(({ Name }) => Name === 'Podman Engine') ? 'Podman' : 'Docker',
      version: info.ServerVersion ?? 'unknown',
      containerOs: info.OSType ?? 'unknown',
      operatingSystem: info.OperatingSystem ?? 'unknown',
      rootless: (info.SecurityOptions ?? []).some((option) => option.includes('name=rootless')),
      architecture: UNAME[info.Architecture ?? ''] ?? info.Architecture ?? 'unknown',
    };
  }

  async silence(): Promise<string | null> {
    try {
      await within(PING_TIMEOUT_MS, (abortSignal) =>
        (this.#docker as Docker & AbortablePing).ping({ abortSignal }),
      );
      return null;
    } catch (cause) {
      return wordsOf(cause);
    }
  }

  async brokenOff(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const aborted = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    // Nothing ever happens to such a container: only the end of the stream is wanted.
    const filters = { container: ['greenroom-no-such-container'] };
    const end = translated('tell its events', this.#docker.getEvents({ filters, abortSignal: signal })).then(
      (events) =>
        new Promise((resolve) =>
          events
            .on('error', () => undefined)
            .on('close', resolve)
            .resume(),
        ),
      // One that refuses to tell them is there.
      (error: unknown) => (error instanceof EngineAway ? null : aborted),
    );
    await Promise.race([end, aborted]);
  }

  async inspect(id: string): Promise<ContainerFacts | null> {
    const facts = await found(translated('inspect a container', this.#docker.getContainer(id).inspect()));
    if (facts === null) return null;
    const { Status: state, StartedAt: startedAt, OOMKilled: outOfMemory } = facts.State;
    return { state, startedAt, outOfMemory };
  }

  async hasImage(reference: string): Promise<boolean> {
    return (
      (await found(
        translated(`look for the image ${reference}`, this.#docker.getImage(reference).inspect()),
      )) !== null
    );
  }

  async imageId(reference: string): Promise<string | null> {
    const what = `look for the image ${reference}`;
    const facts = await found(translated(what, this.#docker.getImage(reference).inspect()));
    return facts?.Id ?? null;
  }

  async removeNameless(id: string): Promise<void> {
    const facts = await found(translated('look at an image', this.#docker.getImage(id).inspect()));
    if (facts === null || (facts.RepoTags ?? []).length > 0) return;
    // One that a container still has stays: it is not for us to take.
    await translated('remove an image', this.#docker.getImage(id).remove()).catch(() => undefined);
  }

  async runIn(
    id: string,
    command: readonly string[],
    { user, signal }: RunAs,
  ): Promise<{ code: number; output: string }> {
    const what = `run ${command[0]} in a container`;
    const exec = await translated(
      what,
      this.#docker.getContainer(id).exec({
        Cmd: [...command],
        AttachStdout: true,
        AttachStderr: true,
        User: user,
      }),
    );
    const stream = await translated(what, exec.start({}));
    const letGo = (): unknown => stream.destroy();
    signal.addEventListener('abort', letGo, { once: true });
    if (signal.aborted) letGo();
    const sink = new PassThrough();
    this.#docker.modem.demuxStream(stream, sink, sink);
    stream
      .on('end', () => sink.end())
      .on('close', () => sink.end())
      .on('error', () => sink.end());
    const lines: string[] = [];
    await eachLine(sink, (line) => {
      if (lines.push(line) > 20) lines.shift();
    });
    signal.removeEventListener('abort', letGo);
    signal.throwIfAborted();
    const { ExitCode: code } = await translated(what, exec.inspect());
    return { code: code ?? -1, output: lines.join('\n') };
  }

  async exec(id: string, { command, terminal, user }: ExecRequest): Promise<ExecStream> {
    const what = `run ${command[0]} in a container`;
    const exec = await translated(
      what,
      this.#docker.getContainer(id).exec({
        Cmd: [...command],
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        Tty: terminal !== null,
        ...(terminal === null ? {} : { Env: ['TERM=xterm-256color'] }),
        ...(user === undefined ? {} : { User: user }),
      }),
    );
    const stream = await translated(what, exec.start({ hijack: true, stdin: true, Tty: terminal !== null }));
    const resize = async ({ columns, rows }: TerminalSize): Promise<void> => {
      await translated('resize a terminal', exec.resize({ w: columns, h: rows }));
    };
    if (terminal) await resize(terminal).catch(() => undefined);
    return execStream({
      stream,
      terminal: terminal === null ? 'none' : 'given',
      demux: (source, stdout, stderr) => this.#docker.modem.demuxStream(source, stdout, stderr),
      resize,
      exitCode: async () => (await translated(what, exec.inspect())).ExitCode ?? -1,
    });
  }

  async importImage(
    tar: Readable,
    repository: string,
    tag: string,
    changes: readonly string[],
  ): Promise<void> {
    const what = `import the image ${repository}:${tag}`;
    const answer = await translated(what, this.#docker.importImage(tar, { repo: repository, tag, changes }));
    await translated(
      what,
      new Promise<void>((resolve, reject) => {
        this.#docker.modem.followProgress(answer, (error: Error | null) =>
          error ? reject(error) : resolve(),
        );
      }),
    );
    // Podman takes the repository and leaves the tag out.
    if (!(await this.hasImage(`${repository}:${tag}`)))
      await translated(what, this.#docker.getImage(`${repository}:latest`).tag({ repo: repository, tag }));
  }

  async imageTaggedAt(reference: string): Promise<number | null> {
    const what = `look for the image ${reference}`;
    // The types of dockerode lack it.
    const facts: object | null = await found(translated(what, this.#docker.getImage(reference).inspect()));
    const { Metadata } = (facts ?? {}) as { Metadata?: { LastTagTime?: string } };
    const at = Date.parse(Metadata?.LastTagTime ?? '');
    return Number.isNaN(at) ? null : at;
  }

  async pull(request: PullRequest, sink: (message: PullMessage) => void): Promise<void> {
    const { reference, platform, auth, signal } = request;
    let refused: string | null = null;
    try {
      const answer = await this.#docker.createImage({
        fromImage: reference,
        ...(platform === undefined ? {} : { platform }),
        ...(auth === null ? {} : { authconfig: auth }),
        abortSignal: signal,
      });
      await eachLine(answer as Readable, (line) => {
        if (line === '') return;
        const message = JSON.parse(line) as PullMessage;
        refused ??= message.errorDetail?.message ?? message.error ?? null;
        sink(message);
      });
    } catch (cause) {
      signal.throwIfAborted();
      if (isConnectionError(cause)) throw new EngineAway(`fetch the image ${reference}`, cause);
      throw new PullRefusal(engineWords(cause), cause);
    }
    signal.throwIfAborted();
    if (refused !== null) throw new PullRefusal(refused, null);
  }

  async createNetwork(spec: {
    name: string;
    subnet: string;
    gateway: string;
    labels: Labels;
  }): Promise<string> {
    const network = await translated(
      `create the network ${spec.name}`,
      this.#docker.createNetwork({
        Name: spec.name,
        CheckDuplicate: true,
        Driver: 'bridge',
        Internal: true,
        EnableIPv6: false,
        IPAM: { Driver: 'default', Config: [{ Subnet: spec.subnet, Gateway: spec.gateway }] },
        Labels: { ...spec.labels },
      }),
    );
    return network.id;
  }

  async networks(label: string): Promise<Owned[]> {
    const list = await translated(
      'list networks',
      this.#docker.listNetworks({ filters: { label: [label] } }),
    );
    return list.map((network) => ({ id: network.Id, name: network.Name, labels: network.Labels ?? {} }));
  }

  async removeNetwork(id: string): Promise<void> {
    await found(translated(`remove the network ${id}`, this.#docker.getNetwork(id).remove()));
  }

  async joinNetwork(network: string, container: string, address: string): Promise<void> {
    await translated(
      `join the network ${network}`,
      this.#docker.getNetwork(network).connect({
        Container: container,
        EndpointConfig: { IPAMConfig: { IPv4Address: address } },
      }),
    );
  }

  async leaveNetwork(network: string, container: string): Promise<void> {
    await found(
      translated(
        `leave the network ${network}`,
        this.#docker.getNetwork(network).disconnect({ Container: container, Force: true }),
      ),
    );
  }

  async createContainer(spec: ContainerSpec): Promise<string> {
    const { name, platform } = spec;
    // Apart from each other: by itself dockerode writes the whole body into the URL too, secrets and all.
    const call = {
      _query: platform === undefined ? { name } : { name, platform },
      _body: containerBody(spec),
    };
    const container = await translated(
      `create the container ${name}`,
      this.#docker.createContainer(call as Docker.ContainerCreateOptions),
    );
    return container.id;
  }

  async startContainer(id: string): Promise<void> {
    await translated(`start the container ${id.slice(0, 12)}`, this.#docker.getContainer(id).start());
  }

  async execute(id: string, command: readonly string[]): Promise<Duplex> {
    const options = { Cmd: [...command], AttachStdin: true, AttachStdout: true, AttachStderr: true };
    const what = 'start a program in a container';
    const program = await translated(what, this.#docker.getContainer(id).exec(options));
    const source = await translated(what, program.start({ hijack: true, stdin: true }));
    return standardStreams(source, (stdout, stderr) =>
      this.#docker.modem.demuxStream(source, stdout, stderr),
    );
  }

  async putArchive(id: string, tar: Buffer): Promise<void> {
    await translated(
      'put files into a container',
      this.#docker.getContainer(id).putArchive(tar, { path: '/' }),
    );
  }

  async health(id: string): Promise<'none' | 'starting' | 'healthy' | 'unhealthy'> {
    const facts = await translated('inspect a container', this.#docker.getContainer(id).inspect());
    const status = facts.State.Health?.Status;
    return status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : 'none';
  }

  async createVolume({ name, labels }: { name: string; labels: Labels }): Promise<void> {
    await translated(
      `create the volume ${name}`,
      this.#docker.createVolume({ Name: name, Labels: { ...labels } }),
    );
  }

  async volumes(label: string): Promise<Owned[]> {
    const list = await translated('list volumes', this.#docker.listVolumes({ filters: { label: [label] } }));
    return list.Volumes.map((volume) => ({
      id: volume.Name,
      name: volume.Name,
      labels: volume.Labels ?? {},
    }));
  }

  async removeVolume(name: string): Promise<void> {
    await found(translated(`remove the volume ${name}`, this.#docker.getVolume(name).remove()));
  }

  async containers(label: string): Promise<OwnedContainer[]> {
    const list = await translated(
      'list containers',
      this.#docker.listContainers({ all: true, filters: { label: [label] } }),
    );
    return list.map((container) => ({
      id: container.Id,
      name: (container.Names[0] ?? container.Id).replace(/^\//, ''),
      labels: container.Labels ?? {},
      image: container.Image,
      state: container.State,
    }));
  }

  async usage(id: string): Promise<ServiceUsage | null> {
    // One look: without it, an engine waits for a second one to make rates of, which takes a second.
    const look = { stream: false, 'one-shot': true } as const;
    const stats: unknown = await found(
      translated('measure a container', this.#docker.getContainer(id).stats(look)),
    );
    return containerUsage(stats);
  }

  async address(id: string, network: string): Promise<string> {
    const facts = await translated('inspect a container', this.#docker.getContainer(id).inspect());
    const address = facts.NetworkSettings.Networks[network]?.IPAddress;
    if (!address)
      throw new EnvironmentError('engine-refused', `The engine gave ${facts.Name} no address on ${network}.`);
    return address;
  }

  async exited(id: string): Promise<number> {
    const what = 'wait for a container';
    // As a stream: dockerode never tells when an answer breaks off that it collects by itself.
    const answer = new Promise<Readable>((resolve, reject) =>
      this.#docker.modem.dial(
        {
          path: `/containers/${id}/wait`,
          method: 'POST',
          isStream: true,
          statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
        },
        (error: unknown, stream: unknown) => (error ? reject(error) : resolve(stream as Readable)),
      ),
    );
    const body = await translated(what, answer.then(text));
    if (body === '') throw new EngineAway(what, new Error('its answer broke off'));
    const { StatusCode } = JSON.parse(body) as { StatusCode?: number };
    return StatusCode ?? -1;
  }

  async follow(id: string, sink: ContainerOutput, since = 0): Promise<void> {
    const source = await translated(
      'follow a container',
      this.#docker.getContainer(id).logs({ follow: true, stdout: true, stderr: true, since }),
    );
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    this.#docker.modem.demuxStream(source, stdout, stderr);
    const end = () => {
      stdout.end();
      stderr.end();
    };
    source.on('end', end).on('close', end).on('error', end);
    await Promise.all([
      eachLine(stdout, (text) => sink({ stream: 'stdout', text })),
      eachLine(stderr, (text) => sink({ stream: 'stderr', text })),
    ]);
  }

  async pauseContainer(id: string): Promise<void> {
    await translated('pause a container', this.#docker.getContainer(id).pause());
  }

  async unpauseContainer(id: string): Promise<void> {
    await translated('unpause a container', this.#docker.getContainer(id).unpause());
  }

  async killContainer(id: string, signal: string): Promise<void> {
    await translated('send a signal to a container', this.#docker.getContainer(id).kill({ signal }));
  }

  async stopContainer(id: string, graceS: number): Promise<void> {
    await found(translated('stop a container', this.#docker.getContainer(id).stop({ t: graceS })));
  }

  async removeContainer(id: string): Promise<void> {
    await found(
      translated('remove a container', this.#docker.getContainer(id).remove({ force: true, v: true })),
    );
  }
}

/** Why an engine didn't fetch an image, in its own words. */
export class PullRefusal extends Error {
  constructor(words: string, cause: unknown) {
    super(words, { cause });
    this.name = 'PullRefusal';
  }
}

/** An engine says what it has to say in `message`; what dockerode adds to it is about HTTP. */
function engineWords(cause: unknown): string {
  const json = typeof cause === 'object' && cause !== null && 'json' in cause ? cause.json : null;
  const words = typeof json === 'object' && json !== null && 'message' in json ? json.message : null;
  if (typeof words === 'string') return words;
  return cause instanceof Error ? cause.message : String(cause);
}

/** Input goes as it is; of the output, which comes in frames, standard error is dropped. */
function standardStreams(source: Duplex, split: (stdout: PassThrough, stderr: PassThrough) => void): Duplex {
  const stdout = new PassThrough();
  const both = new Duplex({
    read: () => void stdout.resume(),
    write: (chunk: Buffer, _encoding, done) => void source.write(chunk, done),
    final: (done) => void source.end(done),
    destroy: (error, done) => {
      source.destroy();
      done(error);
    },
  });
  split(stdout, new PassThrough().resume());
  stdout.on('data', (chunk: Buffer) => {
    if (!both.push(chunk)) stdout.pause();
  });
  stdout.once('end', () => both.push(null));
  source.once('end', () => stdout.end()).once('close', () => both.destroy());
  source.on('error', (error) => both.destroy(error));
  both.on('error', () => undefined);
  return both;
}
