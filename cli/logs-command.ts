/** `greenroom logs`: what the services of a running session write, like `docker compose logs`. */
import { Command, InvalidArgumentError } from 'commander';
import type { ControlLine } from '../host/control-socket.ts';
import { durationMs } from '../model/compose/quantities.ts';
import { EnvironmentError } from '../model/environment-error.ts';
import type { LogPage, LogQuery } from '../model/service-log.ts';
import { interruptible, untilStopped } from './interrupt.ts';
import { logLine, type LogStyle } from './log-lines.ts';
import { formatOption } from './options.ts';
import { note, say, type Format } from './output.ts';
import { ownOutput } from './output-streams.ts';
import { chooseInstances, sessionOption, withSessionLine } from './session-line.ts';

const MOST = 5_000;
const WAIT_MS = 25_000;

interface LogsOptions {
  follow?: true;
  since?: number;
  search?: string;
  tail: number;
  timestamps?: true;
  session?: string;
  format: Format;
}

/** The command, ready to be added to the program. */
export function logsCommand(): Command {
  return new Command('logs')
    .description('what the services of a running session write; control bytes are shown, not obeyed')
    .argument('[services...]', 'services or instances; all when none is named')
    .option('-f, --follow', 'go on with what comes, until Ctrl-C or the end of the session')
    .option('--since <moment>', 'only from then on: 10m, 2026-01-31T12:05:00Z', parseSince)
    .option('--search <text>', 'only lines with this text, in whatever case')
    .option('-n, --tail <lines>', 'so many of the last lines', parseTail, MOST)
    .option('-t, --timestamps', 'when Greenroom read each line')
    .addOption(sessionOption())
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nThe last 5,000 lines of each instance are kept.\n\nExamples:\n  $ greenroom logs -f\n  $ greenroom logs orders payments-1 --since 10m --search error',
    )
    .action(async (services: string[], options: LogsOptions) => {
      await interruptible(async (signal) => {
        await withSessionLine(options.session, async (line) => {
          await printLogs(line, services, options, AbortSignal.any([signal, ownOutput().readerGone]));
        });
        signal.throwIfAborted();
      });
    });
}

async function printLogs(
  { api, closed }: ControlLine,
  services: readonly string[],
  options: LogsOptions,
  signal: AbortSignal,
): Promise<void> {
  const { follow, since, search, tail, format } = options;
  const state = await api.state();
  const everybody = state.workloads.flatMap(({ instances }) => instances.map(({ id }) => id));
  const instances = services.length === 0 ? everybody : chooseInstances(state, services);
  const style: LogStyle = { instances, timestamps: options.timestamps ? 'shown' : 'hidden' };
  const query = {
    ...(services.length === 0 ? {} : { instances }),
    ...(since === undefined ? {} : { since }),
    ...(search === undefined ? {} : { search }),
  } satisfies Partial<LogQuery>;
  const show = ({ lines, cutOff }: LogPage): void => {
    for (const instance of cutOff) note(`${instance} wrote more than could be read: lines are left out here`);
    for (const line of lines) say(format === 'json' ? JSON.stringify(line) : logLine(line, style));
  };
  // Of a session that ends in between there is nothing more to tell.
  const ended = Promise.race([closed, untilStopped(signal)]).then(() => null);
  let page: LogPage | null = await api.logs({ ...query, limit: tail });
  show(page);
  while (follow && page !== null && !signal.aborted) {
    const next: Promise<LogPage | null> = api
      .logs({ ...query, after: page.next, limit: MOST, waitMs: WAIT_MS })
      .catch((error: unknown) => {
        if (signal.aborted || (error instanceof EnvironmentError && error.code === 'session-ended'))
          return null;
        throw error;
      });
    page = await Promise.race([next, ended]);
    if (page !== null) show(page);
  }
  if (follow && !signal.aborted) note('the session ended');
}

function parseTail(text: string): number {
  if (text === 'all') return MOST;
  const lines = Number(text);
  if (!Number.isInteger(lines) || lines < 1 || lines > MOST)
    throw new InvalidArgumentError(`a number of lines from 1 to ${MOST}`);
  return lines;
}

/** A duration before now, or a moment; ms since the epoch. */
function parseSince(text: string): number {
  const before = durationMs(text);
  const moment = before === null ? Date.parse(text) : Date.now() - before;
  if (Number.isNaN(moment))
    throw new InvalidArgumentError('a duration (90s, 10m, 1h30m) or a moment (2026-01-31T12:05:00Z)');
  return moment;
}
