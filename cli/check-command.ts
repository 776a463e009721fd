/** `greenroom check`: everything that is wrong with a project's files, without starting anything. */
import { Command, Option } from 'commander';
import { hasErrors } from '../model/problem.ts';
import { applyFixes } from './apply-fixes.ts';
import { type Checked, checkPath } from './check.ts';
import {
  CHECK_FORMATS,
  type CheckFormat,
  collectCheckReports,
  showChecked,
  writeCheckReports,
} from './check-output.ts';
import { checkSuites } from './check-suites.ts';
import { EXIT } from './exit-codes.ts';
import { note, say, sayJson } from './output.ts';

/** The command, ready to be added to the program. */
export function checkCommand(): Command {
  return new Command('check')
    .description('read every file of a project and say what is wrong, with the line and a way out')
    .argument('[project]', 'folder with a greenroom.yaml (or with projects beneath it), or the file', '.')
    .option(
      '--suite <file...>',
      'judge the objects of ValidationSuite files (or of plain YAML, `_err` where refused) instead of a project',
    )
    .addOption(
      new Option('--format <format>', 'how the result is printed').choices(CHECK_FORMATS).default('text'),
    )
    .option('--report <kind=file>', 'also write the result to a file; repeatable', collectCheckReports, [])
    .option('--fix', 'make the safe changes: afterwards nothing passes that was denied before')
    .addHelpText(
      'after',
      '\nExamples:\n  $ greenroom check\n  $ greenroom check scenarios/shop --format json\n  $ greenroom check --report sarif=check.sarif\n  $ greenroom check --suite objects/*.yaml',
    )
    .action(async (project: string, options: CheckOptions) => {
      if (options.suite) return await runSuites(options.suite, options.format);
      const checked = options.fix ? await fixProblems(project) : await checkPath(project);
      process.stdout.write(showChecked(checked, options.format));
      await writeCheckReports(options.report, checked);
      if (hasErrors(checked.problems)) process.exitCode = EXIT.wrongFile;
    });
}

interface CheckOptions {
  format: CheckFormat;
  report: string[];
  fix?: true;
  suite?: string[];
}

/** One fix may uncover another; what is still found after so many rounds isn't mended by fixes. */
const MAX_ROUNDS = 5;

async function fixProblems(project: string): Promise<Checked> {
  let checked = await checkPath(project);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const fixed = await applyFixes(checked.problems);
    for (const { file, changes } of fixed) note(`fixed ${changes} in ${file}`);
    if (fixed.length === 0) break;
    checked = await checkPath(project);
  }
  return checked;
}

async function runSuites(files: readonly string[], format: CheckFormat): Promise<void> {
  const { lines, ...outcome } = await checkSuites(files);
  if (format === 'json') sayJson(outcome);
  else {
    for (const line of lines) say(line);
    say(`${outcome.objects} objects, ${outcome.agree} agree, ${outcome.differ} differ`);
  }
  if (outcome.differ > 0) process.exitCode = EXIT.differs;
}
