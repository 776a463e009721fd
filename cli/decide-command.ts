/** `greenroom decide`: policy unit tests, judged without starting anything. */
import { Command } from 'commander';
import { decideSuites } from './decide-suites.ts';
import { EXIT } from './exit-codes.ts';
import { formatOption } from './options.ts';
import { say, sayJson, type Format } from './output.ts';
import { collectJsonReports, jsonTargets, writeReport } from './reports.ts';

/** The command, ready to be added to the program. */
export function decideCommand(): Command {
  return new Command('decide')
    .description('judge the requests of DecisionSuite files against their policies')
    .argument('<file...>', 'DecisionSuite files, JSON or YAML')
    .option(
      '--report <kind=file>',
      'json=FILE: every case with its decision and explanation',
      collectJsonReports,
      [],
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ greenroom decide policies/*.suite.yaml\n  $ greenroom decide suite.json --report json=decisions.json',
    )
    .action(async (files: string[], options: { report: string[]; format: Format }) => {
      const outcome = await decideSuites(files);
      if (options.format === 'json') sayJson(outcome);
      else for (const line of outcome.lines) say(line);
      if (options.format === 'text')
        say(`${outcome.cases} cases, ${outcome.agree} agree, ${outcome.differ} differ`);
      for (const target of jsonTargets(options.report))
        await writeReport(target, `${JSON.stringify(outcome, null, 2)}\n`);
      if (outcome.differ > 0) process.exitCode = EXIT.differs;
    });
}
