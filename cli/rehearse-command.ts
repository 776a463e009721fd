/** `greenroom rehearse`: starts the mesh, replays the scenarios, and exits 0 only when every claim held. */
import { Command } from 'commander';
import { readScenarios } from '../host/scenarios.ts';
import type { Mesh } from '../model/mesh.ts';
import { hasErrors } from '../model/problem.ts';
import type { RehearsalReport } from '../model/rehearsal-report.ts';
import type { ParsedScenario } from '../model/scenario-file.ts';
import { unknownWorkloads } from '../model/scenario-references.ts';
import { runRehearsal } from '../rehearsal/run-rehearsal.ts';
import { EXIT, FilesError } from './exit-codes.ts';
import { annotateForActions } from './github-annotations.ts';
import { interruptible } from './interrupt.ts';
import { contextOption } from './docker-context.ts';
import {
  driverOption,
  formatOption,
  runtimeOption,
  type DriverChoice,
  type RuntimeChoice,
} from './options.ts';
import { note, say, sayJson, type Format } from './output.ts';
import { problemLine } from './problem-line.ts';
import { readProject } from './project.ts';
import { scenarioLines, totalsLine } from './rehearsal-lines.ts';
import { collectReports, writeReports } from './reports.ts';
import { withSession } from './run-session.ts';

interface Options {
  runtime: RuntimeChoice;
  driver: DriverChoice;
  filter: string[];
  report: string[];
  format: Format;
}

/** The command, ready to be added to the program. */
export function rehearseCommand(): Command {
  return new Command('rehearse')
    .description('replay the attack scenarios of a project and hold each verdict against what they expect')
    .argument('[project]', 'folder with a greenroom.yaml, or the file', '.')
    .option(
      '--filter <id>',
      'only scenarios whose id contains this; repeatable',
      (id: string, earlier: string[]) => [...earlier, id],
      [],
    )
    .option('--report <kind=file>', 'junit=FILE or json=FILE; repeatable', collectReports, [])
    .addOption(runtimeOption())
    .addOption(contextOption())
    .addOption(driverOption())
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ greenroom rehearse\n  $ greenroom rehearse --filter rogue-ca --report junit=report.xml',
    )
    .action(async (project: string, options: Options) => {
      const report = await interruptible(async (signal) => {
        const mesh = await readProject(project);
        const scenarios = await chosenScenarios(mesh, options.filter);
        return await withSession(
          { mesh, runtime: options.runtime, driver: options.driver, signal, watch: 'nothing' },
          async (session) => {
            const made = await runRehearsal(session, scenarios, {
              signal,
              onStep: () => undefined,
              onScenario: (_run, scenario) => {
                if (options.format === 'text') for (const line of scenarioLines(scenario)) say(line);
              },
            });
            signal.throwIfAborted();
            return made;
          },
        );
      });
      if (options.format === 'json') sayJson(report);
      else say(totalsLine(report));
      annotateForActions(report, note);
      await writeReports(options.report, report);
      if (!isGreen(report)) process.exitCode = EXIT.differs;
    });
}

/** Green = something ran, and nothing of it failed or couldn't tell. */
function isGreen(report: RehearsalReport): boolean {
  const { passed, failed, errored, interrupted } = report.totals;
  return passed > 0 && failed + errored + interrupted === 0;
}

/** Every scenario that the filters leave; a file with problems ends the command before anything starts. */
export async function chosenScenarios(mesh: Mesh, filter: readonly string[]): Promise<ParsedScenario[]> {
  const read = await readScenarios(mesh);
  const problems = read.flatMap((entry) => [
    ...entry.problems,
    ...(entry.parsed === null ? [] : unknownWorkloads(entry.parsed, mesh)),
  ]);
  if (hasErrors(problems)) throw new FilesError(problems);
  for (const problem of problems) note(problemLine(problem));
  const all = read.flatMap((entry) => (entry.parsed === null ? [] : [entry.parsed]));
  const chosen = all.filter(
    ({ scenario }) => filter.length === 0 || filter.some((part) => scenario.metadata.id.includes(part)),
  );
  if (chosen.length > 0) return chosen;
  throw new FilesError([
    all.length === 0
      ? {
          code: 'no-scenario',
          severity: 'error',
          message: `${mesh.name} has no scenario: nothing would be claimed`,
          hint: 'list a folder with *.scenario.yaml files under spec.scenarios',
        }
      : {
          code: 'no-scenario',
          severity: 'error',
          message: `no scenario's id contains ${filter.join(' or ')}`,
          hint: `there are: ${all.map(({ scenario }) => scenario.metadata.id).join(', ')}`,
        },
  ]);
}
