/** `greenroom exec`: a command in the container of a running service, at this terminal where there is one. */
import { Command } from 'commander';
import type { HostApi } from '../bridge/contract.ts';
import { interruptible } from './interrupt.ts';
import { askInstances, sessionOption, withSessionLine } from './session-line.ts';

interface ExecOptions {
  tty: boolean;
  user?: string;
  session?: string;
}

/** The command, ready to be added to the program. */
export function execCommand(): Command {
  return new Command('exec')
    .description('run a command in the container of a running service (docker runtime)')
    .argument('<service>', 'a service (its first instance) or an instance')
    .argument('<command...>', 'what is run there; it is as contained as the service')
    .option('-T, --no-tty', 'no terminal, though this is one')
    .option('-u, --user <user>', 'as this user of the container')
    .addOption(sessionOption())
    .passThroughOptions()
    .addHelpText(
      'after',
      '\nIts exit code is the command’s.\n\nExamples:\n  $ greenroom exec orders sh\n  $ echo "select 1" | greenroom exec db psql -U postgres',
    )
    .action(async (service: string, words: string[], options: ExecOptions, self: Command) => {
      // As kubectl wants them; behind a service, commander hands them on with the rest.
      const command = words[0] === '--' ? words.slice(1) : words;
      if (command.length === 0) self.error("error: missing required argument 'command'");
      const code = await interruptible(
        async (signal) =>
          await withSessionLine(options.session, async ({ api }) => {
            const [instance = service] = await askInstances(api, [service]);
            return await runThere(api, instance, { command, options, signal });
          }),
      );
      process.exitCode = code;
    });
}

async function runThere(
  api: HostApi,
  instance: string,
  { command, options, signal }: { command: string[]; options: ExecOptions; signal: AbortSignal },
): Promise<number> {
  const { stdin, stdout, stderr } = process;
  const terminal = options.tty && stdin.isTTY && stdout.isTTY ? sizeOf(stdout) : null;
  const id = await api.execStart(instance, {
    command,
    terminal,
    ...(options.user === undefined ? {} : { user: options.user }),
  });
  // What it can't be told any more it doesn't need.
  const tell = (data: string | null): void => void api.execInput(id, data).catch(() => undefined);
  const typed = (data: Buffer): void => tell(data.toString('base64'));
  const ended = (): void => tell(null);
  const resized = (): void => void api.execResize(id, sizeOf(stdout)).catch(() => undefined);
  const end = (): void => void api.execEnd(id).catch(() => undefined);
  signal.addEventListener('abort', end, { once: true });
  if (terminal) {
    stdin.setRawMode(true);
    stdout.on('resize', resized);
  }
  stdin.on('data', typed).on('end', ended);
  try {
    for (;;) {
      const { chunks, exitCode } = await api.execOutput(id);
      for (const { stream, base64 } of chunks)
        (stream === 'stdout' ? stdout : stderr).write(Buffer.from(base64, 'base64'));
      if (exitCode !== null) return exitCode;
      signal.throwIfAborted();
    }
  } finally {
    stdin.off('data', typed).off('end', ended).pause();
    if (terminal) {
      stdin.setRawMode(false);
      stdout.off('resize', resized);
    }
    end();
  }
}

function sizeOf({ columns, rows }: NodeJS.WriteStream): { columns: number; rows: number } {
  return { columns: columns || 80, rows: rows || 24 };
}
