/**
 * `greenroom status`: the sessions of this user that run, and how their instances are. It changes nothing of theirs,
 * but to read what the rules refused it starts one short-lived container with NET_ADMIN for each pod (decision 12).
 */
import { Command } from 'commander';
import { EnvironmentError } from '../model/environment-error.ts';
import { refusalWords } from '../model/refusals.ts';
import { defaultDataDir } from '../mesh/data-dir.ts';
import { connectEngine } from '../mesh/runtimes/docker/engine.ts';
import { type PodStatus, sessionPods } from '../mesh/runtimes/docker/session-pods.ts';
import { readSessionFiles, type SessionRecord } from '../mesh/session-file.ts';
import { contextOption } from './docker-context.ts';
import { formatOption } from './options.ts';
import { columns, say, sayJson, type Format } from './output.ts';

interface SessionStatus extends Pick<SessionRecord, 'id' | 'mesh' | 'root' | 'runtime' | 'startedAt'> {
  process: number;
  /** Under the docker runtime. */
  pods: PodStatus[];
  /** Why its engine gave no answer, so that nothing is known of its pods; null = it did, or there is none to ask. */
  engineAway: string | null;
  /** Under the process runtime. */
  processes: { instance: string; pid: number }[];
}

/** The command, ready to be added to the program. */
export function statusCommand(): Command {
  return new Command('status')
    .description('what runs now, and what the containers of each service tried past its sidecar')
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
    ...(runtime === 'docker' ? await askEngine(id) : { pods: [], engineAway: null }),
    processes: processes.flatMap(({ instance, pid }) => (instance === null ? [] : [{ instance, pid }])),
  };
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

/** A session, and below it a line an instance. */
export function statusLines(session: SessionStatus): string[] {
  const { mesh, id, runtime, process, root, pods, engineAway, processes } = session;
  const rows = [
    ...pods.map(({ instance, container, refusals }) => [
      `  ${instance}`,
      container ?? 'no container',
      refusals === null ? 'no rules in force' : refusalWords(refusals),
    ]),
    ...processes.map(({ instance, pid }) => [`  ${instance}`, `process ${pid}`]),
  ];
  const away = engineAway === null ? [] : [`  the engine is away: ${engineAway}`];
  return [`${mesh}: session ${id} (${runtime}, process ${process}), ${root}`, ...away, ...columns(rows)];
}
