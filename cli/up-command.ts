/** `greenroom up`: the mesh runs until Ctrl-C, and every request is a line with its reason. */
import { Command } from 'commander';
import { ComposeMemory } from '../mesh/compose-memory.ts';
import type { TrafficEvent } from '../model/traffic-event.ts';
import { eventLine, explanationLines } from './event-line.ts';
import { interruptible, untilStopped } from './interrupt.ts';
import { contextOption } from './docker-context.ts';
import {
  driverOption,
  formatOption,
  runtimeOption,
  type DriverChoice,
  type RuntimeChoice,
} from './options.ts';
import { note, paint, say, type Format } from './output.ts';
import { ownOutput } from './output-streams.ts';
import { readProject } from './project.ts';
import { withSession } from './run-session.ts';
import { countLine, serviceLines } from './service-lines.ts';
import { sessionNews } from './session-news.ts';

interface Options {
  runtime: RuntimeChoice;
  driver: DriverChoice;
  format: Format;
  removeOrphans?: true;
}

/** The command, ready to be added to the program. */
export function upCommand(): Command {
  return new Command('up')
    .description('start the services with a sidecar around each, and show every request with its reason')
    .argument('[project]', 'folder with a greenroom.yaml, or the file', '.')
    .option('--remove-orphans', 'remove what an earlier crash left behind, first')
    .addOption(runtimeOption())
    .addOption(contextOption())
    .addOption(driverOption())
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ greenroom up\n  $ greenroom up scenarios/shop --format json | jq .decision',
    )
    .action(async (project: string, options: Options) => {
      await interruptible(async (signal) => {
        const compose = new ComposeMemory();
        const mesh = await readProject(project, compose);
        const orphans = options.removeOrphans ? 'remove' : 'announce';
        await withSession(
          {
            mesh,
            compose,
            runtime: options.runtime,
            driver: options.driver,
            signal,
            watch: 'policies',
            orphans,
            attached: 'awaited',
          },
          async (session) => {
            const show = (event: TrafficEvent): void => showEvent(event, options.format);
            // What services called while they started, before anybody could listen.
            for (const event of session.events({ after: 0, limit: 10_000 })) show(event);
            session.onEvents((events) => {
              for (const event of events) show(event);
            });
            const news = sessionNews(session);
            session.onState((state) => {
              for (const line of news(state)) note(line);
            });
            const state = session.state();
            note(
              paint('bold', `${state.mesh}: ${countLine(state)} up (${state.runtime}), session ${state.id}`),
            );
            for (const workload of state.workloads)
              for (const line of serviceLines(workload, session)) note(line);
            note('Ctrl-C stops and removes everything.');
            await untilStopped(AbortSignal.any([signal, ownOutput().readerGone]));
            const { events, denied, dropped } = session.state().recording;
            note(`${events} events, ${denied} denied${dropped > 0 ? `, ${dropped} dropped` : ''}`);
          },
        );
        signal.throwIfAborted();
      });
    });
}

/** One event a line; a denial with its reasons below. */
function showEvent(event: TrafficEvent, format: Format): void {
  if (format === 'json') {
    say(JSON.stringify(event));
    return;
  }
  say(eventLine(event));
  if (event.decision.verdict !== 'deny' || !event.explanation) return;
  for (const line of explanationLines(event.explanation)) say(line === '' ? '' : `    ${line}`);
}
