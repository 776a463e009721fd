/**
 * `greenroom status`: the sessions of this user that run, and how their instances are. It changes nothing of theirs,
 * but to read what the rules refused it starts one short-lived container with NET_ADMIN for each pod (decision 12).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import { connectControl } from '../host/control-socket.ts';
import { bytesWords } from '../model/bytes-words.ts';
import { EnvironmentError } from '../model/environment-error.ts';
import { refusalWords } from '../model/refusals.ts';
import type { InstanceState } from '../model/session-state.ts';
import { type UsageRate, usageRate } from '../model/usage.ts';
import { defaultDataDir } from '../mesh/data-dir.ts';
import { connectEngine } from '../mesh/runtimes/docker/dockerode-engine.ts';
import { type PodStatus, sessionPods } from '../mesh/runtimes/docker/session-pods.ts';
import { controlPath, readSessionFiles, type SessionRecord } from '../mesh/session-file.ts';
import { ATTACHED_CONTAINMENT } from './attached-lines.ts';
import { contextOption } from './docker-context.ts';
import { formatOption } from './options.ts';
import { columns, printable, say, sayJson, type Format } from './output.ts';

interface SessionStatus extends Pick<SessionRecord, 'id' | 'mesh' | 'root' | 'runtime' | 'startedAt'> {
  process: number;
  /** Under the docker runtime. */
  pods: PodStatus[];
  /** Why its engine gave no answer, so that nothing is known of its pods; null = it did, or there is none to ask. */
  engineAway: string | null;
  /** What the session says of each instance; empty where it doesn't answer. */
  instances: Pick<InstanceState, 'id' | 'status' | 'detail' | 'restarts' | 'attached'>[];
  /** What each instance uses, over a second; empty where the session doesn't tell. */
  usage: Readonly<Record<string, UsageRate>>;
  /** Under the process runtime. */
  processes: { instance: string; pid: number }[];
}

/** The command, ready to be added to the program. */
export function statusCommand(): Command {
  return new Command('status')
    .description(
      'what runs now, what it uses, and what the containers of each service tried past its sidecar',
    )
    .addOption(contextOption())
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nUnder the docker runtime, one short-lived container with NET_ADMIN is started for each pod: nothing else may ' +
        'read what its rules refused. It joins the pod’s network, lists the counters and is removed.\n\nExamples:\n  $ greenroom status\n  $ greenroom status --format json | jq ".[].pods[].refusals"',
    )
    .action(async ({ format }: { format: Format }) => {
      const running = readSessionFiles(defaultDataDir()).filter(({ alive }) => alive);
      const sessions = await Promise.all(running.map(statusOf));
      if (format === 'json') sayJson(sessions);
      else if (sessions.length === 0) say('nothing runs');
      else for (const line of sessions.flatMap(statusLines)) say(line);
    });
}

async function statusOf(record: SessionRecord): Promise<SessionStatus> {
  const { id, mesh, root, runtime, startedAt, owner, processes } = record;
  return {
    id,
    mesh,
    root,
    runtime,
    startedAt,
    process: owner.pid,
    ...(await askSession(controlPath(defaultDataDir(), id))),
    ...(runtime === 'docker' ? await askEngine(id) : { pods: [], engineAway: null }),
    processes: processes.flatMap(({ instance, pid }) => (instance === null ? [] : [{ instance, pid }])),
  };
}

const LOOK_MS = 1_000;

/** Its instances, and two looks at what they use, a second apart; nothing where the session doesn't answer. */
async function askSession(path: string): Promise<Pick<SessionStatus, 'instances' | 'usage'>> {
  try {
    const line = await connectControl(path);
    try {
      const before = await line.api.usage();
      await pause(LOOK_MS);
      const [now, { workloads }] = await Promise.all([line.api.usage(), line.api.state()]);
      return {
        instances: workloads
          .filter(({ kind }) => kind !== 'gateway')
          .flatMap(({ instances }) => instances)
          .map(({ id, status, detail, restarts, attached }) => ({
            id,
            status,
            detail,
            restarts,
            ...(attached ? { attached } : {}),
          })),
        usage: Object.fromEntries(
          Object.keys(now.services).map((instance) => [instance, usageRate(instance, before, now)]),
        ),
      };
    } finally {
      line.close();
    }
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return { instances: [], usage: {} };
  }
}

/** An engine that is away takes nothing from the other sessions. */
async function askEngine(session: string): Promise<Pick<SessionStatus, 'pods' | 'engineAway'>> {
  try {
    return { pods: await sessionPods(await connectEngine(), session), engineAway: null };
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return { pods: [], engineAway: error.message };
  }
}

/** `12.5 % cpu, 30.1 MB, sidecar ≈ 1.0 %`; nothing where nothing was measured. */
function usageWords(rate: UsageRate | undefined): string {
  if (rate === undefined) return '';
  const percent = (cores: number): string => `${(cores * 100).toFixed(1)} %`;
  return [
    rate.cpu === null ? null : `${percent(rate.cpu)} cpu`,
    rate.memoryBytes === null ? null : bytesWords(rate.memoryBytes),
    rate.received === null ? null : `in ${bytesWords(Math.round(rate.received))}/s`,
    rate.sent === null ? null : `out ${bytesWords(Math.round(rate.sent))}/s`,
    rate.sidecarCpu === null ? null : `sidecar ≈ ${percent(rate.sidecarCpu)}`,
  ]
    .filter((part) => part !== null)
    .join(', ');
}

/** A session, and below it a line an instance, in the order of their names; those that stand still are lines too. */
export function statusLines(session: SessionStatus): string[] {
  const { mesh, id, runtime, process, root, engineAway } = session;
  const names = [
    ...session.instances.map((one) => one.id),
    ...session.pods.map((pod) => pod.instance),
    ...session.processes.map((one) => one.instance),
  ];
  const rows = [...new Set(names)].sort().map((instance) => instanceRow(session, instance));
  const away = engineAway === null ? [] : [`  the engine is away: ${engineAway}`];
  return [`${mesh}: session ${id} (${runtime}, process ${process}), ${root}`, ...away, ...columns(rows)];
}

/** Its name, what the session says of it, what runs it, what its rules refused, what it uses; why it is so. */
function instanceRow({ runtime, instances, pods, processes, usage }: SessionStatus, name: string): string[] {
  const said = instances.find(({ id }) => id === name);
  const pod = pods.find(({ instance }) => instance === name);
  const pid = processes.find(({ instance }) => instance === name)?.pid;
  const contained = pod && [
    pod.container === null ? 'no container' : `container ${pod.container}`,
    pod.refusals === null ? 'no rules in force' : refusalWords(pod.refusals),
  ];
  const runs = runtime === 'process' ? [pid === undefined ? '' : `process ${pid}`] : (contained ?? ['', '']);
  const detail = printable(said?.detail ?? '');
  if (said?.attached) {
    const { environmentFile } = said.attached;
    const words = `${detail}; ${ATTACHED_CONTAINMENT}; its environment: ${environmentFile}`;
    return [`  ${name}`, said.status, ...(runtime === 'process' ? [''] : ['', '']), '', words];
  }
  return [`  ${name}`, said?.status ?? 'unknown', ...runs, usageWords(usage[name]), detail];
}
