/**
 * A session from its first step to its last. It owns, in this order: its file (the trace a kill would leave), the
 * recording, the root and the certificates, the runtime, the data plane, the watch on policies. `stop` undoes
 * whatever of it exists, also in the middle of the start.
 */
import { createClock } from '../model/clock.ts';
import type { Explanation } from '../model/decision.ts';
import { EnvironmentError } from '../model/environment-error.ts';
import type { EventQuery } from '../model/event-query.ts';
import type { InjectedFault } from '../model/injected-fault.ts';
import type { InstanceAction } from '../model/instance-action.ts';
import type { Mesh } from '../model/mesh.ts';
import type { Problem } from '../model/problem.ts';
import type { Refusals } from '../model/refusals.ts';
import type { LogLine, LogPage, LogQuery } from '../model/service-log.ts';
import type { InstanceStatus, SessionState } from '../model/session-state.ts';
import type { TrafficEvent } from '../model/traffic-event.ts';
import type { UsageSample } from '../model/usage.ts';
import type { DataPlane, DeclaredSource } from '../proxy/data-plane.ts';
import type { BoundListener } from '../proxy/snapshot.ts';
import { startDataPlane } from '../proxy/worker-data-plane.ts';
import { Availability } from './availability.ts';
import { closeAll, throwAny } from './close-all.ts';
import { ensurePrivateFolder } from './data-dir.ts';
import { egressPlan } from './egress-plan.ts';
import { explainEvent } from './explain-event.ts';
import { InstanceActions } from './instance-actions.ts';
import { InTurn } from './in-turn.ts';
import { JwksSource } from './jwks-source.ts';
import { LogRing } from './log-ring.ts';
import { compileMeshPolicies, type MeshPolicies, policyProblems } from './mesh-policies.ts';
import { type MovableClock, movedClock } from './moved-clock.ts';
import type { IssuedLeaf, LeafRequest } from './pki/leaf.ts';
import { putEditInForce, unprotecting } from './policy-reload.ts';
import { instancesOf, openRuntime } from './open-runtime.ts';
import { openRecorder, type Recorder } from './recorder.ts';
import { environmentPath } from './runtimes/attached/environment-file.ts';
import type { ExecRequest, ExecStream } from './runtimes/exec.ts';
import type { InstancePlacement, Runtime } from './runtimes/runtime.ts';
import type { RecordedEvents, Session, StartSessionOptions } from './session.ts';
import { Scaling } from './scaling.ts';
import { dataPlaneLost, SessionBoard } from './session-board.ts';
import { firstCredentials, openIdentity, type SessionIdentity } from './session-identity.ts';
import { sampleUsage } from './sample-usage.ts';
import { SessionProblems } from './session-problems.ts';
import { SessionPublishing } from './session-publishing.ts';
import { SessionWatches } from './session-watches.ts';
import { createSessionFile, newSessionId } from './session-file.ts';
import { instancesToStart, startInstances } from './start-instances.ts';

export class RunningSession implements Session {
  readonly id = newSessionId();
  readonly clock: MovableClock;
  readonly #options: StartSessionOptions;
  readonly #board: SessionBoard;
  readonly #logs = new LogRing();
  readonly #abort = new AbortController();
  readonly #placements = new Map<string, InstancePlacement>();
  readonly #availability = new Availability();
  #mesh: Mesh;
  #policies: MeshPolicies | null = null;
  #starting: Promise<void> | null = null;
  #stopped: Promise<void> | null = null;
  #file: ReturnType<typeof createSessionFile> | null = null;
  #recorder: Recorder | null = null;
  #identity: SessionIdentity | null = null;
  #runtime: Runtime | null = null;
  #dataPlane: DataPlane | null = null;
  readonly #publishing: SessionPublishing;
  readonly #watches: SessionWatches;
  readonly #problems: SessionProblems;
  readonly #keys: JwksSource;
  readonly #actions = new InstanceActions({
    runtime: () => must(this.#runtime),
    egress: (instance) => egressPlan(this.#mesh, instance, this.listeners()),
    status: (instance) => this.#board.statusOf(instance),
    isGateway: (instance) => this.#mesh.gateways?.some((one) => one.instance.id === instance) ?? false,
    signal: this.#abort.signal,
  });
  /** Whatever takes another mesh over. */
  readonly #edits = new InTurn();
  readonly #scaling: Scaling;

  constructor(options: StartSessionOptions) {
    this.#options = options;
    this.#mesh = options.mesh;
    this.clock = movedClock(options.clock ?? createClock(Date.now), () => this.#clockMoved());
    this.#keys = new JwksSource({
      root: () => this.#mesh.root,
      changed: (keySets) => this.#publishing.unasked({ keySets }),
      ...(options.fetchText ? { fetch: options.fetchText } : {}),
    });
    this.#board = new SessionBoard(this.id, {
      mesh: () => this.#mesh,
      policies: () => this.#policies,
      environmentFile: (instance) => environmentPath(options.dataDir, this.#mesh, instance),
      certificate: (instance) => this.#identity?.certificates.validity(instance) ?? null,
    });
    this.#problems = new SessionProblems(this.#board, () => this.#keys.problems);
    this.#publishing = new SessionPublishing({
      board: this.#board,
      sidecars: () => this.#placements.size + (this.#mesh.gateways?.length ?? 0),
      inForce: (version, policies) => this.#recorder?.snapshotInForce(version, policies),
      policiesSince: (version) => this.#recorder?.policiesSince(version),
      refused: (problems) => this.#problems.show(problems),
    });
    this.#scaling = new Scaling({
      mesh: () => this.#mesh,
      edit: (change) =>
        this.#edits.run(async () => {
          this.#mesh = await change(this.#mesh);
        }),
      board: this.#board,
      availability: this.#availability,
      placements: this.#placements,
      publishing: this.#publishing,
      started: () => ({
        certificates: must(this.#identity).certificates,
        runtime: must(this.#runtime),
        dataPlane: must(this.#dataPlane),
      }),
      signal: this.#abort.signal,
    });
    this.#watches = new SessionWatches({
      mesh: () => this.#mesh,
      problems: this.#problems,
      reloadPolicies: () => this.reloadPolicies(),
      signal: this.#abort.signal,
    });
    if (options.onProgress) this.#board.listen(options.onProgress);
  }

  get mesh(): Mesh {
    return this.#mesh;
  }

  /** Whether there is a recording, and so something to read; it is opened before `start` returns. */
  get isOpen(): boolean {
    return this.#recorder !== null;
  }

  start(): Promise<void> {
    const { signal } = this.#options;
    this.#starting = this.#start(signal ? AbortSignal.any([signal, this.#abort.signal]) : this.#abort.signal);
    return this.#starting;
  }

  async #start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { dataDir } = this.#options;
    ensurePrivateFolder(dataDir);
    this.#file = createSessionFile(dataDir, { id: this.id, mesh: this.#mesh.name, root: this.#mesh.root });
    this.#policies = compileMeshPolicies(this.#mesh);
    this.#board.set({ problems: policyProblems(this.#policies), clockOffsetMs: this.clock.offsetMs() });
    this.#openRecording(dataDir);
    // The three slow things at once: certificates, the runtime's preparation, the data plane's thread.
    this.#board.stage('preparing certificates, runtime and sidecars');
    const opening = await Promise.allSettled([
      this.#openIdentity(),
      this.#openRuntime(signal),
      this.#openDataPlane(),
      this.#keys.follow(this.#policies),
    ]);
    for (const result of opening) if (result.status === 'rejected') throw result.reason;
    signal.throwIfAborted();
    await this.#publishFirst();
    signal.throwIfAborted();
    this.#board.stage('starting services');
    const instances = instancesToStart(this.#mesh, [...this.#placements.keys()], this.listeners());
    await startInstances(must(this.#runtime), instances, signal);
    signal.throwIfAborted();
    this.#board.stage(null);
    // Measured at the start of the services, where it is measured at all.
    this.#board.set({ phase: 'running', containment: must(this.#runtime).containment });
    if (this.#availability.down.size > 0) this.#publishing.unasked({ unavailable: this.#availability.down });
    const { reload, watch } = this.#options;
    if (reload && watch !== 'nothing') this.#watches.begin(must(this.#runtime).updates);
  }

  #openRecording(dataDir: string): void {
    const { name: mesh, root } = this.#mesh;
    const about = { session: this.id, mesh, root, startedAt: new Date().toISOString() };
    const recorder = openRecorder(dataDir, about, this.#options.recording);
    this.#recorder = recorder;
    recorder.listen(() => this.#board.set({ recording: recorder.counts() }));
  }

  async #openIdentity(): Promise<void> {
    const { dataDir, certificateTtlMs } = this.#options;
    this.#identity = await openIdentity({
      mesh: () => this.#mesh,
      dataDir,
      clock: this.clock,
      certificateTtlMs,
      renewed: (credentials) => this.#publishing.accepted({ credentials }, 'the new certificates'),
    });
  }

  async #openRuntime(signal: AbortSignal): Promise<void> {
    const file = must(this.#file);
    this.#runtime = await openRuntime(this.#options, {
      session: this.id,
      mesh: this.#mesh,
      ledger: file,
      onStatus: (instance, status, detail) => this.#statusChanged(instance, status, detail),
      board: this.#board,
      logs: this.#logs,
    });
    file.runtimeChosen(this.#runtime.kind);
    this.#board.set({ runtime: this.#runtime.kind, containment: this.#runtime.containment });
    for (const placement of await this.#runtime.prepare(instancesOf(this.#mesh), signal))
      this.#placements.set(placement.instance, placement);
    this.#board.set({ containment: this.#runtime.containment });
  }

  async #openDataPlane(): Promise<void> {
    const dataPlane = await (this.#options.startDataPlane ?? startDataPlane)();
    this.#dataPlane = dataPlane;
    dataPlane.onEvents((events) => this.#recorder?.record(events));
    dataPlane.onCrash((reason) => this.#board.set({ phase: 'failed', problems: [dataPlaneLost(reason)] }));
  }

  async #publishFirst(): Promise<void> {
    this.#board.stage('publishing the first snapshot');
    this.#problems.showPolicies(must(this.#policies));
    await this.#publishing.begin(must(this.#dataPlane), {
      mesh: this.#mesh,
      policies: must(this.#policies),
      clockOffsetMs: this.clock.offsetMs(),
      gateProfile: this.#options.gateProfile ?? 'istio',
      placements: this.#placements,
      ...(await firstCredentials(must(this.#identity), this.#mesh)),
      unavailable: new Set(),
      keySets: this.#keys.sets,
    });
    // Nothing but the data plane has to come up for a gateway.
    for (const { instance } of this.#mesh.gateways ?? []) this.#board.instance(instance.id, 'ready', null);
  }

  #clockMoved(): void {
    const clockOffsetMs = this.clock.offsetMs();
    this.#board.set({ clockOffsetMs });
    this.#publishing.unasked({ clockOffsetMs });
    this.#identity?.certificates.schedule();
  }

  #statusChanged(instance: string, status: InstanceStatus, detail: string | null): void {
    this.#board.instance(instance, status, detail);
    if (this.#availability.changedBy(instance, status) && this.#board.phase === 'running')
      this.#publishing.unasked({ unavailable: this.#availability.down });
  }

  state(): SessionState {
    return this.#board.state();
  }

  onState(sink: (state: SessionState) => void): () => void {
    return this.#board.listen(sink);
  }

  onEvents(sink: (events: RecordedEvents) => void): () => void {
    return must(this.#recorder).listen(sink);
  }

  events(query: EventQuery): TrafficEvent[] {
    return must(this.#recorder).query(query);
  }

  event(id: number): TrafficEvent | null {
    return must(this.#recorder).event(id);
  }

  explain(id: number): Explanation | null {
    const event = this.event(id);
    return event && explainEvent(event, this.#mesh, this.#publishing.policiesOf(event.snapshotVersion));
  }

  async flush(): Promise<void> {
    await this.#publishing.settled();
    await this.#dataPlane?.flush();
  }

  reloadPolicies(): Promise<Problem[]> {
    return this.#edits.run(() => this.#reload());
  }

  async #reload(): Promise<Problem[]> {
    const { reload } = this.#options;
    if (!reload || this.#board.phase !== 'running') return [];
    const edit = await putEditInForce(reload, {
      current: { mesh: this.#mesh, policies: must(this.#policies) },
      keys: this.#keys,
      gatewayCertificates: must(this.#identity).gatewayCertificates,
      publishing: this.#publishing,
    });
    if (edit.kind === 'refused') this.#problems.show(edit.problems);
    else {
      this.#mesh = edit.mesh;
      this.#policies = edit.policies;
      this.#watches.follow(edit.mesh);
      this.#problems.showPolicies(edit.policies, unprotecting(edit.problems));
    }
    return edit.problems;
  }

  listeners(): readonly BoundListener[] {
    return this.#publishing.listeners;
  }

  applicationAddress(instance: string, port: number): { host: string; port: number } | null {
    const upstream = this.#placements.get(instance)?.upstreams.find((one) => one.port === port);
    return upstream ? { host: upstream.host, port: upstream.upstreamPort } : null;
  }

  async injectFaults(faults: readonly InjectedFault[]): Promise<void> {
    await this.#publishing.accepted({ faults }, 'the faults of a scenario');
  }

  async declareSource(source: DeclaredSource): Promise<void> {
    await must(this.#dataPlane).declareSource(source);
  }

  async issueLeaf(request: LeafRequest): Promise<IssuedLeaf> {
    return await must(this.#identity).authority.issue(request);
  }

  trustBundlePem(): readonly string[] {
    return this.#identity?.authority.trustBundlePem() ?? [];
  }

  logs(query: LogQuery): LogPage {
    return this.#logs.read(query);
  }

  onLog(sink: (line: LogLine) => void): () => void {
    return this.#logs.listen(sink);
  }

  async act(instance: string, action: InstanceAction): Promise<void> {
    await this.#actions.act(instance, action);
  }

  async scale(service: string, count: number): Promise<void> {
    await this.#scaling.scale(service, count);
  }

  async exec(instance: string, request: ExecRequest): Promise<ExecStream> {
    return await this.#actions.exec(instance, request);
  }

  async refusals(instance: string): Promise<Refusals | null> {
    return this.#placements.has(instance) ? await must(this.#runtime).refusals(instance) : null;
  }

  async usage(): Promise<UsageSample> {
    return await sampleUsage(this.#runtime, this.#dataPlane);
  }

  async rotate(): Promise<void> {
    await must(this.#identity).certificates.rotate();
  }

  stop(): Promise<void> {
    this.#publishing.end();
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const failed = this.#board.phase === 'failed';
    this.#board.set({ phase: 'stopping' });
    this.#abort.abort(new EnvironmentError('stopped', 'the session was stopped'));
    await this.#starting?.catch(() => undefined);
    await this.#watches.close();
    this.#keys.close();
    this.#identity?.certificates.close();
    // Services first: their farewells still find a way out.
    const failures = await closeAll([
      () => this.#runtime?.close(),
      () => (failed ? undefined : this.#dataPlane?.flush()),
      () => this.#dataPlane?.close(),
      () => this.#recorder?.close(),
    ]);
    // Kept when something could not be closed: then there is something left to be found.
    if (failures.length === 0) this.#file?.remove();
    this.#board.stage(null);
    this.#board.set({ phase: failed || failures.length > 0 ? 'failed' : 'stopped' });
    throwAny(failures, 'not everything of the session could be closed');
  }
}

function must<T>(value: T | null): T {
  if (value === null) throw new Error('the session has not come this far');
  return value;
}
