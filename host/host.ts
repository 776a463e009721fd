/**
 * The bridge's implementation over a session: what every window, in whatever carrier, can ask of a running mesh.
 * It starts nothing and stops nothing; the session belongs to whoever made it.
 */
import { resolve, sep } from 'node:path';
import type { HostApi } from '../bridge/contract.ts';
import { exportIstio } from '../export/istio.ts';
import type { Exported } from '../export/exported.ts';
import { EnvironmentError } from '../model/environment-error.ts';
import type { RehearsalReport } from '../model/rehearsal-report.ts';
import type { TrafficEvent } from '../model/traffic-event.ts';
import type { RecordedEvents, Session } from '../mesh/session.ts';
import { runRehearsal } from '../rehearsal/run-rehearsal.ts';
import { ExecSessions } from './exec-sessions.ts';
import type { Notice } from './notice.ts';
import { projectPath, readPolicyTexts } from './project-files.ts';
import { readLogs } from './read-logs.ts';
import { knockAtFrontDoor } from './sample-request.ts';
import { readScenarios, summarize } from './scenarios.ts';
import { checkExportFolder, writeExport, zipExport } from './write-export.ts';

export interface Host {
  api: HostApi;
  onNotice(sink: (notice: Notice) => void): () => void;
  /** Stops telling; the session goes on. */
  close(): void;
}

/** Windows are told of traffic this often; a request every microsecond must not become a frame each. */
const BATCH_MS = 100;
const MAX_BATCH = 2_000;

/** The newest events, in order: the window holds those, older ones it asks for. No others are decoded. */
function newestOf(batches: readonly RecordedEvents[], limit: number): TrafficEvent[] {
  const newest: TrafficEvent[] = [];
  for (const batch of batches.toReversed()) {
    for (let index = batch.length - 1; index >= 0 && newest.length < limit; index -= 1)
      newest.push(batch.event(index));
  }
  return newest.reverse();
}

/** A host over `session`. */
export function createHost(session: Session): Host {
  const sinks = new Set<(notice: Notice) => void>();
  const tell = (notice: Notice): void => {
    for (const sink of sinks) sink(notice);
  };
  let pending: RecordedEvents[] = [];
  let running: AbortController | null = null;
  let last: RehearsalReport | null = null;

  const execs = new ExecSessions(session);
  const stopState = session.onState((state) => tell({ name: 'stateChanged', args: [state] }));
  const stopEvents = session.onEvents((events) => {
    if (sinks.size > 0) pending.push(events);
  });
  const timer = setInterval(() => {
    if (pending.length === 0) return;
    const events = newestOf(pending, MAX_BATCH);
    pending = [];
    tell({ name: 'eventsRecorded', args: [events] });
  }, BATCH_MS);
  timer.unref();

  const exported = async (): Promise<Exported> =>
    exportIstio(session.mesh, await readPolicyTexts(session.mesh));

  const api: HostApi = {
    state: async () => session.state(),
    traffic: async (query) => session.events(query),
    event: async (id) => session.event(id),
    explain: async (id) => session.explain(id),
    policyFiles: async () => await readPolicyTexts(session.mesh),
    scenarios: async () =>
      (await readScenarios(session.mesh)).map((entry) =>
        summarize(entry, projectPath(session.mesh, entry.file)),
      ),
    rehearse: async (ids) => {
      if (running !== null)
        throw new EnvironmentError('rehearsal-running', 'a rehearsal is running already; wait for it to end');
      running = new AbortController();
      try {
        const scenarios = (await readScenarios(session.mesh)).flatMap((entry) =>
          entry.parsed === null ? [] : [entry.parsed],
        );
        const chosen =
          ids.length === 0
            ? scenarios
            : scenarios.filter((scenario) => ids.includes(scenario.scenario.metadata.id));
        if (chosen.length === 0)
          throw new EnvironmentError(
            'no-scenario',
            ids.length === 0
              ? 'the project has no scenario that can run'
              : `no scenario is called ${ids.join(', ')}`,
          );
        last = await runRehearsal(session, chosen, {
          signal: running.signal,
          onStep: (run, scenario, step) => tell({ name: 'stepFinished', args: [run, scenario, step] }),
          onScenario: (run, scenario) => tell({ name: 'scenarioFinished', args: [run, scenario] }),
        });
        return last;
      } finally {
        running = null;
      }
    },
    lastRehearsal: async () => last,
    exportPreview: async () => ({ target: 'istio', ...(await exported()) }),
    exportWrite: async (_target, folder) => {
      const target = resolve(session.mesh.root, folder);
      // A window is a page in a browser: what it may write is kept to the project it shows.
      if (!target.startsWith(session.mesh.root + sep))
        throw new EnvironmentError('export-outside', `${folder} is not inside the project`, {
          hint: 'greenroom export --out writes anywhere',
        });
      checkExportFolder(session.mesh, target);
      return await writeExport(target, (await exported()).files);
    },
    exportZip: async () => {
      const name = `${session.mesh.name}-istio`;
      return {
        name: `${name}.zip`,
        base64: Buffer.from(zipExport(name, (await exported()).files)).toString('base64'),
      };
    },
    logs: async ({ waitMs = 0, ...query }) => await readLogs(session, query, waitMs),
    act: async (instance, action) => await session.act(instance, action),
    scale: async (service, count) => await session.scale(service, count),
    execStart: async (instance, request) => await execs.start(instance, request),
    execInput: async (id, base64) => execs.input(id, base64 === null ? null : Buffer.from(base64, 'base64')),
    execResize: async (id, size) => await execs.resize(id, size),
    execOutput: async (id) => await execs.output(id),
    execEnd: async (id) => execs.end(id),
    refusals: async (instance) => await session.refusals(instance),
    usage: async () => await session.usage(),
    rotate: async () => await session.rotate(),
    sendSample: async () => await knockAtFrontDoor(session),
  };

  return {
    api,
    onNotice: (sink) => {
      sinks.add(sink);
      return () => sinks.delete(sink);
    },
    close: () => {
      running?.abort();
      execs.close();
      clearInterval(timer);
      stopState();
      stopEvents();
      sinks.clear();
    },
  };
}
