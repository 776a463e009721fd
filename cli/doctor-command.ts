/** `greenroom doctor`: what this machine has, what that allows, and how to get the rest. */
import { Command } from 'commander';
import { defaultDataDir } from '../mesh/data-dir.ts';
import { removeOrphans } from '../mesh/orphans.ts';
import { diagnose } from './diagnose.ts';
import type { Diagnosis } from './diagnosis.ts';
import { contextOption } from './docker-context.ts';
import { EXIT } from './exit-codes.ts';
import { interruptible } from './interrupt.ts';
import { formatOption } from './options.ts';
import { knownOrphans, orphanWords } from './orphans.ts';
import { columns, paint, printable, say, sayJson, type Format } from './output.ts';

const MARKS = { ok: paint('green', '✓'), missing: paint('yellow', '!'), broken: paint('red', '✕') };

/** The command, ready to be added to the program. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'check this machine: Node, data folder, loopback, Docker, and what an earlier crash left behind',
    )
    .option('--remove-orphans', 'remove what an earlier crash left behind')
    .addOption(contextOption())
    .addOption(formatOption())
    .addHelpText('after', '\nExamples:\n  $ greenroom doctor\n  $ greenroom doctor --remove-orphans')
    .action(async (options: { removeOrphans?: true; format: Format }) => {
      const dataDir = defaultDataDir();
      const findings = await interruptible((signal) => diagnose(dataDir, signal));
      const orphans = await knownOrphans(dataDir);
      const removed = options.removeOrphans ? await removeOrphans(orphans) : null;
      if (options.format === 'json') sayJson({ findings, orphans, removed });
      else {
        for (const line of columns(
          findings.map(({ state, what, words }) => [`${MARKS[state]} ${what}`, printable(words)]),
        ))
          say(line);
        if (orphans.length === 0) say(nothingLeft(findings));
        for (const orphan of orphans)
          say(`${MARKS.missing} left behind by session ${printable(orphan.session)}: ${orphanWords(orphan)}`);
        if (removed !== null) say(`removed ${removed.length}`);
        else if (orphans.length > 0) say('  hint: greenroom doctor --remove-orphans');
      }
      if (findings.some(({ state }) => state === 'broken')) process.exitCode = EXIT.environment;
    });
}

/** Containers are known to an engine alone. */
function nothingLeft(findings: readonly Diagnosis[]): string {
  return findings.some(({ what, state }) => what === 'docker' && state === 'missing')
    ? '✓ no process was left behind by an earlier crash; no engine answers for containers'
    : '✓ nothing is left of an earlier crash';
}
