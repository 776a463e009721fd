/** `greenroom init`: a project to start from, in a folder that has none. */
import { Command } from 'commander';
import { writeStarterProject } from './init.ts';
import { formatOption } from './options.ts';
import { say, sayJson, type Format } from './output.ts';

/** The command, ready to be added to the program. */
export function initCommand(): Command {
  return new Command('init')
    .description('write a greenroom.yaml, a default-deny policy and two scenarios to start from')
    .argument('[folder]', 'where the project begins', '.')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ greenroom init\n  $ greenroom init mesh && greenroom rehearse mesh',
    )
    .action(async (folder: string, options: { format: Format }) => {
      const written = await writeStarterProject(folder);
      if (options.format === 'json') return sayJson({ written });
      for (const file of written) say(`wrote ${file}`);
      say(
        'next: greenroom up   (the services, each with a sidecar)\n      greenroom rehearse   (the scenarios)',
      );
    });
}
