/**
 * The engine as this runtime needs it, over dockerode (imported nowhere else). Owns the translation of the
 * engine's errors into `EnvironmentError`s; knows nothing of meshes, and touches only what it is given by id.
 */
import type { Duplex, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import Docker from 'dockerode';
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { ServiceUsage } from '../../../model/usage.ts';
import { containerBody, type ContainerSpec, type Labels } from './container-body.ts';
import { Asking } from './asking.ts';
import { engineEndpoint, type EngineEndpoint } from './endpoint.ts';
import { containerUsage } from './container-usage.ts';
import { EngineAway, isConnectionError } from './engine-away.ts';
import type { ExecRequest, ExecStream, TerminalSize } from '../exec.ts';
import { execStream } from './engine-exec.ts';
import { found } from './engine-errors.ts';
import { type ContainerOutput, type Demux, eachOutputLine, lastLines } from './container-output.ts';
import type { ContainerFacts, Engine, Owned, OwnedContainer, PullRequest, RunAs } from './engine.ts';
import { type EngineFacts, type EngineInfo, factsOf } from './engine-facts.ts';
import { type NetworkSpec, networkBody } from './network-body.ts';
import { noEngine } from './no-engine.ts';
import { transportTo } from './transport.ts';
import { pinged } from './ping.ts';
import { engineWords, PullRefusal, readPull } from './pull-answer.ts';
import type { PullMessage } from './pull-layers.ts';
import { standardStreams } from './standard-streams.ts';

/** Longest wait for an engine's first answer; ssh takes up to 30 s to give up by itself. */
const PING_TIMEOUT_MS = 10_000;
const PING_OVER_SSH_TIMEOUT_MS = 35_000;

/**
 * Connects to the engine and makes sure that it answers.
 * @throws EnvironmentError `no-engine`, with what to do about it
 */
export async function connectEngine(endpoint: EngineEndpoint = engineEndpoint()): Promise<Engine> {
  try {
    const docker = new Docker(transportTo(endpoint) as Docker.DockerOptions);
    const patienceMs = endpoint.url.startsWith('ssh:') ? PING_OVER_SSH_TIMEOUT_MS : PING_TIMEOUT_MS;
    await pinged(docker, patienceMs);
    return new DockerEngine(docker, endpoint);
  } catch (cause) {
    throw noEngine(endpoint, cause);
  }
}

class DockerEngine implements Engine {
  readonly endpoint: EngineEndpoint;
  readonly #docker: Docker;
  readonly #asking = new Asking();
  readonly #demux: Demux = (source, stdout, stderr) => this.#docker.modem.demuxStream(source, stdout, stderr);

  constructor(docker: Docker, endpoint: EngineEndpoint) {
    this.#docker = docker;
    this.endpoint = endpoint;
  }

  async facts(): Promise<EngineFacts> {
    const what = 'ask the engine what it is';
    const info: EngineInfo = await this.#ask(what, this.#docker.info());
    return factsOf(info, await this.#ask(what, this.#docker.version()));
  }

  #ask<T>(what: string, answer: Promise<T>): Promise<T> {
    return this.#asking.answer(what, answer);
  }

  silence(): Promise<string | null> {
    return this.#asking.silence(() => pinged(this.#docker, PING_TIMEOUT_MS));
  }

  async brokenOff(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const aborted = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    // Nothing ever happens to such a container: only the end of the stream is wanted.
    const filters = { container: ['greenroom-no-such-container'] };
    const end = this.#ask('tell its events', this.#docker.getEvents({ filters, abortSignal: signal })).then(
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
    const facts = await found(this.#ask('inspect a container', this.#docker.getContainer(id).inspect()));
    if (facts === null) return null;
    const { Status: state, StartedAt: startedAt, OOMKilled: outOfMemory } = facts.State;
    return { state, startedAt, outOfMemory };
  }

  async hasImage(reference: string): Promise<boolean> {
    return (
      (await found(
        this.#ask(`look for the image ${reference}`, this.#docker.getImage(reference).inspect()),
      )) !== null
    );
  }

  async imageId(reference: string): Promise<string | null> {
    const what = `look for the image ${reference}`;
    const facts = await found(this.#ask(what, this.#docker.getImage(reference).inspect()));
    return facts?.Id ?? null;
  }

  async removeNameless(id: string): Promise<void> {
    const facts = await found(this.#ask('look at an image', this.#docker.getImage(id).inspect()));
    if (facts === null || (facts.RepoTags ?? []).length > 0) return;
    // One that a container still has stays: it is not for us to take.
    await this.#ask('remove an image', this.#docker.getImage(id).remove()).catch(() => undefined);
  }

  async runIn(
    id: string,
    command: readonly string[],
    { user, signal }: RunAs,
  ): Promise<{ code: number; output: string }> {
    const what = `run ${command[0]} in a container`;
    const exec = await this.#ask(
      what,
      this.#docker.getContainer(id).exec({
        Cmd: [...command],
        AttachStdout: true,
        AttachStderr: true,
        User: user,
      }),
    );
    const stream = await this.#ask(what, exec.start({}));
    const output = await lastLines(stream, this.#demux, signal);
    const { ExitCode: code } = await this.#ask(what, exec.inspect());
    return { code: code ?? -1, output };
  }

  async exec(id: string, { command, terminal, user }: ExecRequest): Promise<ExecStream> {
    const what = `run ${command[0]} in a container`;
    const exec = await this.#ask(
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
    const stream = await this.#ask(what, exec.start({ hijack: true, stdin: true, Tty: terminal !== null }));
    const resize = async ({ columns, rows }: TerminalSize): Promise<void> => {
      await this.#ask('resize a terminal', exec.resize({ w: columns, h: rows }));
    };
    if (terminal) await resize(terminal).catch(() => undefined);
    return execStream({
      stream,
      terminal: terminal === null ? 'none' : 'given',
      demux: this.#demux,
      resize,
      exitCode: async () => (await this.#ask(what, exec.inspect())).ExitCode ?? -1,
    });
  }

  async importImage(
    tar: Readable,
    repository: string,
    tag: string,
    changes: readonly string[],
  ): Promise<void> {
    const what = `import the image ${repository}:${tag}`;
    const answer = await this.#ask(what, this.#docker.importImage(tar, { repo: repository, tag, changes }));
    await this.#ask(
      what,
      new Promise<void>((resolve, reject) => {
        this.#docker.modem.followProgress(answer, (error: Error | null) =>
          error ? reject(error) : resolve(),
        );
      }),
    );
    // Podman takes the repository and leaves the tag out.
    if (!(await this.hasImage(`${repository}:${tag}`)))
      await this.#ask(what, this.#docker.getImage(`${repository}:latest`).tag({ repo: repository, tag }));
  }

  async imageTaggedAt(reference: string): Promise<number | null> {
    const what = `look for the image ${reference}`;
    // The types of dockerode lack it.
    const facts: object | null = await found(this.#ask(what, this.#docker.getImage(reference).inspect()));
    const { Metadata } = (facts ?? {}) as { Metadata?: { LastTagTime?: string } };
    const at = Date.parse(Metadata?.LastTagTime ?? '');
    return Number.isNaN(at) ? null : at;
  }

  async pull(request: PullRequest, sink: (message: PullMessage) => void): Promise<void> {
    const { reference, platform, auth, signal } = request;
    let refused: string | null;
    try {
      const answer = await this.#docker.createImage({
        fromImage: reference,
        ...(platform === undefined ? {} : { platform }),
        ...(auth === null ? {} : { authconfig: auth }),
        abortSignal: signal,
      });
      refused = await readPull(answer as Readable, sink);
    } catch (cause) {
      signal.throwIfAborted();
      if (isConnectionError(cause)) throw new EngineAway(`fetch the image ${reference}`, cause);
      throw new PullRefusal(engineWords(cause), cause);
    }
    signal.throwIfAborted();
    if (refused !== null) throw new PullRefusal(refused, null);
  }

  async createNetwork(spec: NetworkSpec): Promise<string> {
    const what = `create the network ${spec.name}`;
    return (await this.#ask(what, this.#docker.createNetwork(networkBody(spec)))).id;
  }

  async networks(label: string): Promise<Owned[]> {
    const list = await this.#ask('list networks', this.#docker.listNetworks({ filters: { label: [label] } }));
    return list.map((network) => ({ id: network.Id, name: network.Name, labels: network.Labels ?? {} }));
  }

  async removeNetwork(id: string): Promise<void> {
    await found(this.#ask(`remove the network ${id}`, this.#docker.getNetwork(id).remove()));
  }

  async joinNetwork(network: string, container: string, address: string): Promise<void> {
    await this.#ask(
      `join the network ${network}`,
      this.#docker.getNetwork(network).connect({
        Container: container,
        EndpointConfig: { IPAMConfig: { IPv4Address: address } },
      }),
    );
  }

  async leaveNetwork(network: string, container: string): Promise<void> {
    await found(
      this.#ask(
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
    const container = await this.#ask(
      `create the container ${name}`,
      this.#docker.createContainer(call as Docker.ContainerCreateOptions),
    );
    return container.id;
  }

  async startContainer(id: string): Promise<void> {
    await this.#ask(`start the container ${id.slice(0, 12)}`, this.#docker.getContainer(id).start());
  }

  async execute(id: string, command: readonly string[]): Promise<Duplex> {
    const options = { Cmd: [...command], AttachStdin: true, AttachStdout: true, AttachStderr: true };
    const what = 'start a program in a container';
    const program = await this.#ask(what, this.#docker.getContainer(id).exec(options));
    const source = await this.#ask(what, program.start({ hijack: true, stdin: true }));
    return standardStreams(source, this.#demux);
  }

  async putArchive(id: string, tar: Buffer, folder = '/'): Promise<void> {
    await this.#ask(
      'put files into a container',
      this.#docker.getContainer(id).putArchive(tar, { path: folder }),
    );
  }

  async health(id: string): Promise<'none' | 'starting' | 'healthy' | 'unhealthy'> {
    const facts = await this.#ask('inspect a container', this.#docker.getContainer(id).inspect());
    const status = facts.State.Health?.Status;
    return status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : 'none';
  }

  async createVolume({ name, labels }: { name: string; labels: Labels }): Promise<void> {
    await this.#ask(
      `create the volume ${name}`,
      this.#docker.createVolume({ Name: name, Labels: { ...labels } }),
    );
  }

  async volumes(label: string): Promise<Owned[]> {
    const list = await this.#ask('list volumes', this.#docker.listVolumes({ filters: { label: [label] } }));
    return list.Volumes.map((volume) => ({
      id: volume.Name,
      name: volume.Name,
      labels: volume.Labels ?? {},
    }));
  }

  async removeVolume(name: string): Promise<void> {
    await found(this.#ask(`remove the volume ${name}`, this.#docker.getVolume(name).remove()));
  }

  async containers(label: string): Promise<OwnedContainer[]> {
    const list = await this.#ask(
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
      this.#ask('measure a container', this.#docker.getContainer(id).stats(look)),
    );
    return containerUsage(stats);
  }

  async address(id: string, network: string): Promise<string> {
    const facts = await this.#ask('inspect a container', this.#docker.getContainer(id).inspect());
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
    const body = await this.#ask(what, answer.then(text));
    if (body === '') throw new EngineAway(what, new Error('its answer broke off'));
    const { StatusCode } = JSON.parse(body) as { StatusCode?: number };
    return StatusCode ?? -1;
  }

  async follow(id: string, sink: ContainerOutput, since = 0): Promise<void> {
    const source = await this.#ask(
      'follow a container',
      this.#docker.getContainer(id).logs({ follow: true, stdout: true, stderr: true, since }),
    );
    await eachOutputLine(source as Duplex, this.#demux, sink);
  }

  async pauseContainer(id: string): Promise<void> {
    await this.#ask('pause a container', this.#docker.getContainer(id).pause());
  }

  async unpauseContainer(id: string): Promise<void> {
    await this.#ask('unpause a container', this.#docker.getContainer(id).unpause());
  }

  async killContainer(id: string, signal: string): Promise<void> {
    await this.#ask('send a signal to a container', this.#docker.getContainer(id).kill({ signal }));
  }

  async stopContainer(id: string, graceS: number): Promise<void> {
    await found(this.#ask('stop a container', this.#docker.getContainer(id).stop({ t: graceS })));
  }

  async removeContainer(id: string): Promise<void> {
    await found(
      this.#ask('remove a container', this.#docker.getContainer(id).remove({ force: true, v: true })),
    );
  }
}
