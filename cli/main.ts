/** The command line: one file a command; this one knows their names, and turns what went wrong into an exit code. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { checkCommand } from './check-command.ts';
import { decideCommand } from './decide-command.ts';
import { demoCommand } from './demo-command.ts';
import { chooseContext } from './docker-context.ts';
import { doctorCommand } from './doctor-command.ts';
import { EXIT, explainFailure } from './exit-codes.ts';
import { execCommand } from './exec-command.ts';
import { explainCommand } from './explain-command.ts';
import { exportCommand } from './export-command.ts';
import { importCommand } from './import-command.ts';
import { initCommand } from './init-command.ts';
import { instanceCommands } from './instance-commands.ts';
import { logsCommand } from './logs-command.ts';
import { note } from './output.ts';
import { ownOutput } from './output-streams.ts';
import { rehearseCommand } from './rehearse-command.ts';
import { scaleCommand } from './scale-command.ts';
import { serveCommand } from './serve-command.ts';
import { statusCommand } from './status-command.ts';
import { upCommand } from './up-command.ts';

function version(): string {
  const file = new URL('../package.json', import.meta.url);
  return String((JSON.parse(readFileSync(file, 'utf8')) as { version: unknown }).version);
}

/** The whole program, for `main` and for tests of its help. */
export function createProgram(): Command {
  const program = new Command('greenroom')
    .description('Rehearse your service-mesh security before production.')
    .version(version())
    .exitOverride()
    .enablePositionalOptions()
    .showHelpAfterError('(greenroom --help tells more)')
    .addHelpText(
      'after',
      `
Examples:
  $ greenroom demo                                   see it all on a sample, in a minute
  $ greenroom init && greenroom up                   your own folder
  $ greenroom explain . --from web --to orders       would it pass, and which clause decides?
  $ greenroom rehearse . --report junit=report.xml   in CI

Exit codes: 0 passed, 1 a verdict differs, 2 a file or an argument is wrong, 3 the environment is not there, 130 interrupted`,
    );
  const commands = [
    initCommand,
    importCommand,
    doctorCommand,
    checkCommand,
    upCommand,
    statusCommand,
    logsCommand,
    scaleCommand,
    execCommand,
    rehearseCommand,
    decideCommand,
    explainCommand,
    exportCommand,
    serveCommand,
    demoCommand,
  ];
  for (const made of [...commands.map((make) => make()), ...instanceCommands()])
    program.addCommand(
      made.exitOverride().showHelpAfterError(`(greenroom ${made.name()} --help tells more)`),
    );
  program.hook('preAction', (_, command) => chooseContext(command.opts<{ context?: string }>().context));
  return program;
}

/** A stream tells of a failed write only afterwards. */
async function flushed(): Promise<void> {
  await new Promise<void>((resolve) => process.stdout.write('', () => setImmediate(resolve)));
}

/** Runs one command line; sets the exit code. */
export async function main(args: readonly string[]): Promise<void> {
  const output = ownOutput();
  try {
    await createProgram().parseAsync([...args], { from: 'user' });
    await flushed();
    output.check();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.passed : EXIT.wrongFile;
      return;
    }
    const { code, text } = explainFailure(error);
    note(text);
    process.exitCode = code;
  }
}
