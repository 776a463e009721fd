/** `greenroom check`: everything that is wrong with a project's files, without starting anything. */
import { Command } from 'commander';
import { formatProblem, hasErrors } from '../model/problem.ts';
import { checkProject } from './check.ts';
import { checkSuites } from './check-suites.ts';
import { EXIT } from './exit-codes.ts';
import { formatOption } from './options.ts';
import { say, sayJson, type Format } from './output.ts';

/** The command, ready to be added to the program. */
export function checkCommand(): Command {
  return new Command('check')
    .description('read every file of a project and say what is wrong, with the line and a way out')
    .argument('[project]', 'folder with a greenroom.yaml, or the file', '.')
    .option(
      '--suite <file...>',
      'judge the objects of ValidationSuite files (or of plain YAML, `_err` where refused) instead of a project',
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ greenroom check\n  $ greenroom check scenarios/shop --format json\n  $ greenroom check --suite objects/*.yaml',
    )
    .action(async (project: string, options: { format: Format; suite?: string[] }) => {
      if (options.suite) return await runSuites(options.suite, options.format);
      const problems = await checkProject(project);
      if (options.format === 'json') sayJson({ problems });
      else {
        for (const problem of problems) say(formatProblem(problem));
        const errors = problems.filter((problem) => problem.severity === 'error').length;
        const warnings = problems.filter((problem) => problem.severity === 'warning').length;
        say(`${errors} errors, ${warnings} warnings, ${problems.length - errors - warnings} notices`);
      }
      if (hasErrors(problems)) process.exitCode = EXIT.wrongFile;
    });
}

async function runSuites(files: readonly string[], format: Format): Promise<void> {
  const { lines, ...outcome } = await checkSuites(files);
  if (format === 'json') sayJson(outcome);
  else {
    for (const line of lines) say(line);
    say(`${outcome.objects} objects, ${outcome.agree} agree, ${outcome.differ} differ`);
  }
  if (outcome.differ > 0) process.exitCode = EXIT.differs;
}
