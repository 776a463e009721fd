/** `greenroom serve`: the mesh runs and its window is served on loopback, behind a one-time link. */
import { Command } from 'commander';
import { ComposeMemory } from '../mesh/compose-memory.ts';
import { serve } from '../host/serve.ts';
import { windowFolder } from '../host/window-files.ts';
import { interruptible, untilStopped } from './interrupt.ts';
import { contextOption } from './docker-context.ts';
import {
  driverOption,
  formatOption,
  parsePort,
  runtimeOption,
  type DriverChoice,
  type RuntimeChoice,
} from './options.ts';
import { note, say, sayJson, type Format } from './output.ts';
import { readProject } from './project.ts';
import { withSession } from './run-session.ts';

interface Options {
  port: number;
  runtime: RuntimeChoice;
  driver: DriverChoice;
  format: Format;
}

/** The command, ready to be added to the program. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('start the services and serve the window on 127.0.0.1, behind a one-time link')
    .argument('[project]', 'folder with a greenroom.yaml, or the file', '.')
    .option('--port <port>', 'port on 127.0.0.1; 0 = any free one', parsePort, 0)
    .addOption(runtimeOption())
    .addOption(contextOption())
    .addOption(driverOption())
    .addOption(formatOption())
    .addHelpText('after', '\nExamples:\n  $ greenroom serve scenarios/shop\n  $ greenroom serve --port 4400')
    .action(async (project: string, { port, runtime, driver, format }: Options) => {
      await interruptible(async (signal) => {
        const compose = new ComposeMemory();
        const mesh = await readProject(project, compose);
        // Before anything starts: without it there is nothing to serve.
        const folder = windowFolder();
        await withSession(
          {
            mesh,
            compose,
            runtime,
            driver,
            signal,
            watch: 'policies',
            attached: 'awaited',
            // At once: what is fetched and built before services start is to be seen.
            open: async (session, host) => {
              const { url, close } = await serve(host, port, folder);
              const announce = (): void => {
                if (format === 'json') sayJson({ url, session: session.id });
                else say(`open ${url}`);
                note('The link works once and only on this machine. Ctrl-C stops and removes everything.');
              };
              return { announce, close };
            },
          },
          async () => await untilStopped(signal),
        );
        signal.throwIfAborted();
      });
    });
}
