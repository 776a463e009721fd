/** The state of a session as others see it: kept in one place, told to listeners once for several changes in a row. */
import type { ImageProgress } from '../model/image-progress.ts';
import type { Instance, Mesh, MeshGateway } from '../model/mesh.ts';
import type { Problem } from '../model/problem.ts';
import type { InstanceState, InstanceStatus, SessionState, WorkloadState } from '../model/session-state.ts';
import type { MeshPolicies } from './mesh-policies.ts';

type Fields = Omit<SessionState, 'id' | 'mesh' | 'namespace' | 'trustDomain' | 'workloads' | 'progress'>;

/** What the board asks of others when a state is wanted. */
export interface BoardSources {
  mesh(): Mesh;
  policies(): MeshPolicies | null;
  certificate(instance: string): WorkloadState['certificate'];
  /** Where an attached program finds its environment. */
  environmentFile(instance: string): string;
}

export class SessionBoard {
  readonly #id: string;
  readonly #sources: BoardSources;
  readonly #instances = new Map<
    string,
    { status: InstanceStatus; detail: string | null; restarts: number }
  >();
  readonly #sinks = new Set<(state: SessionState) => void>();
  #fields: Fields = {
    runtime: 'process',
    phase: 'starting',
    snapshot: { published: 0, inForce: null, sidecars: 0, acknowledged: 0 },
    images: [],
    problems: [],
    recording: { events: 0, denied: 0, dropped: 0 },
    containment: 'none',
    engineAbsence: null,
    clockOffsetMs: 0,
  };
  #stage: string | null = null;
  #telling = false;

  constructor(id: string, sources: BoardSources) {
    this.#id = id;
    this.#sources = sources;
  }

  set(change: Partial<Fields>): void {
    this.#fields = { ...this.#fields, ...change };
    this.changed();
  }

  /** What it does now, apart from starting instances. */
  stage(text: string | null): void {
    this.#stage = text;
    this.changed();
  }

  instance(id: string, status: InstanceStatus, detail: string | null): void {
    const restarts = (this.#instances.get(id)?.restarts ?? 0) + (status === 'restarting' ? 1 : 0);
    this.#instances.set(id, { status, detail, restarts });
    this.changed();
  }

  /** Null = the mesh has no such instance. */
  statusOf(instance: string): InstanceStatus | null {
    const states = this.state().workloads.flatMap(({ instances }) => instances);
    return states.find(({ id }) => id === instance)?.status ?? null;
  }

  image(progress: ImageProgress): void {
    const { images } = this.#fields;
    const at = images.findIndex(
      ({ image, work }) => image === progress.image && work.kind === progress.work.kind,
    );
    this.set({ images: at < 0 ? [...images, progress] : images.with(at, progress) });
  }

  /** They are no part of the mesh any more. */
  forget(instances: readonly string[]): void {
    for (const instance of instances) this.#instances.delete(instance);
    this.changed();
  }

  get phase(): SessionState['phase'] {
    return this.#fields.phase;
  }

  listen(sink: (state: SessionState) => void): () => void {
    this.#sinks.add(sink);
    return () => this.#sinks.delete(sink);
  }

  changed(): void {
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      const state = this.state();
      for (const sink of this.#sinks) sink(state);
    });
  }

  state(): SessionState {
    const mesh = this.#sources.mesh();
    const workloads = [
      ...(mesh.gateways ?? []).map((gateway) => this.#gateway(gateway)),
      ...mesh.workloads.map((workload) => this.#workload(workload)),
    ];
    return {
      id: this.#id,
      mesh: mesh.name,
      namespace: mesh.namespace,
      trustDomain: mesh.config.trustDomain,
      ...this.#fields,
      progress: this.#progress(workloads),
      workloads,
    };
  }

  #workload(workload: Mesh['workloads'][number]): WorkloadState {
    const { id, name, namespace, serviceAccount, spiffeId, labels } = workload;
    const policies = this.#sources.policies()?.[id];
    const first = workload.instances[0];
    return {
      id,
      name,
      namespace,
      serviceAccount,
      spiffeId,
      labels,
      ports: workload.ports.map((port) => ({ ...port, mtls: policies?.[port.targetPort]?.mtls ?? 'STRICT' })),
      instances: workload.instances.map((instance) => ({
        ...this.#instance(instance),
        ...this.#attached(workload.run.attach, instance.id),
      })),
      certificate: first ? this.#sources.certificate(first.id) : null,
    };
  }

  #attached(address: string | null, instance: string): Pick<InstanceState, 'attached'> {
    if (address === null) return {};
    return { attached: { address, environmentFile: this.#sources.environmentFile(instance) } };
  }

  #gateway(gateway: MeshGateway): WorkloadState {
    const { id, name, namespace, serviceAccount, spiffeId, labels, instance } = gateway;
    return {
      kind: 'gateway',
      id,
      name,
      namespace,
      serviceAccount,
      spiffeId,
      labels,
      ports: Object.entries(this.#sources.policies()?.[id] ?? {}).map(([number, { mtls }]) => {
        const port = Number(number);
        return { name: '', port, targetPort: port, protocol: 'http', mtls };
      }),
      instances: [this.#instance(instance)],
      certificate: this.#sources.certificate(instance.id),
    };
  }

  #instance({ id, workload, podIp }: Instance): InstanceState {
    const seen = this.#instances.get(id) ?? { status: 'pending', detail: null, restarts: 0 };
    return { id, workload, podIp, ...seen };
  }

  #progress(workloads: readonly WorkloadState[]): string | null {
    if (this.#fields.phase !== 'starting') return this.#stage;
    const starting = workloads
      .flatMap(({ instances }) => instances)
      .filter(({ status }) => status === 'starting');
    const [first, ...others] = starting;
    if (!first) return this.#stage;
    const more = others.length > 0 ? ` and ${others.length} more` : '';
    return `starting ${first.id}${first.detail ? ` (${first.detail})` : ''}${more}`;
  }
}

/** What is shown when there is no data plane any more. */
export function dataPlaneLost({ message }: Error): Problem {
  return {
    code: 'data-plane-crashed',
    severity: 'error',
    message: `the data plane stopped (${message}); nothing passes any more`,
    hint: 'start the session again',
  };
}
