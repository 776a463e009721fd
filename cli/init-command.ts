/** `greenroom init`: a project to start from, in a folder that has none. */
import { Command } from 'commander';
import { usualComposeFiles, writeComposeProject } from './init-compose.ts';
import { writeStarterProject } from './init.ts';
import { formatOption } from './options.ts';
import { note, say, sayJson, type Format } from './output.ts';
import { problemLine } from './problem-line.ts';

/** The command, ready to be added to the program. */
export function initCommand(): Command {
  return new Command('init')
    .description(
      'write a greenroom.yaml: from the Compose file that is there, else a small project to start from',
    )
    .argument('[folder]', 'where the project begins', '.')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ greenroom init\n  $ greenroom init mesh && greenroom rehearse mesh',
    )
    .action(async (folder: string, options: { format: Format }) => {
      const composeFiles = await usualComposeFiles(folder);
      if (composeFiles.length > 0) return await fromCompose(folder, composeFiles, options.format);
      const written = await writeStarterProject(folder);
      if (options.format === 'json') return sayJson({ written });
      for (const file of written) say(`wrote ${file}`);
      say(
        'next: greenroom up   (the services, each with a sidecar)\n      greenroom rehearse   (the scenarios)',
      );
    });
}

async function fromCompose(folder: string, files: readonly string[], format: Format): Promise<void> {
  const { written, guesses, problems } = await writeComposeProject(folder, files);
  if (format === 'json') return sayJson({ written: [written], guesses, problems });
  for (const problem of problems) note(problemLine(problem));
  say(`wrote ${written}, from ${files.join(' and ')}; guessed, each with its reason (edit what is wrong):`);
  for (const guess of guesses) say(guess);
  say('next: greenroom up   (the services, each with a sidecar)');
}
