/** `greenroom restart|start|stop|pause|unpause|kill`: the life of single services in a running session. */
import { Command, InvalidArgumentError } from 'commander';
import { KILL_SIGNALS, type InstanceAction, type KillSignal } from '../model/instance-action.ts';
import { note } from './output.ts';
import { askInstances, sessionOption, withSessionLine } from './session-line.ts';

interface Words {
  name: InstanceAction['kind'];
  description: string;
  /** After the instance: `orders-0 is ready again`. */
  done: string;
}

function command(
  { name, description, done }: Words,
  actionOf: (options: Options) => InstanceAction,
): Command {
  return new Command(name)
    .description(description)
    .argument('<services...>', 'services (all of their instances) or instances')
    .addOption(sessionOption())
    .action(async (services: string[], options: Options) => {
      await withSessionLine(options.session, async ({ api }) => {
        const instances = await askInstances(api, services);
        const acts = instances.map(async (instance) => {
          await api.act(instance, actionOf(options));
          note(`${instance} ${done}`);
        });
        // All of them settle before a failure is told.
        for (const act of await Promise.allSettled(acts)) if (act.status === 'rejected') throw act.reason;
      });
    });
}

interface Options {
  session?: string;
  time?: number;
  signal?: KillSignal;
}

/** The commands, ready to be added to the program. */
export function instanceCommands(): Command[] {
  const plain = (words: Words & { name: 'restart' | 'start' | 'pause' | 'unpause' }): Command =>
    command(words, () => ({ kind: words.name }));
  return [
    plain({
      name: 'restart',
      description: 'end services in order and start them anew; waits until they are ready',
      done: 'is ready again',
    }),
    plain({
      name: 'start',
      description: 'start services that were stopped or have failed; waits until they are ready',
      done: 'is ready',
    }),
    command(
      { name: 'stop', description: 'end services; their sidecars stay', done: 'is stopped' },
      ({ time }) => ({ kind: 'stop', graceMs: time === undefined ? null : time * 1_000 }),
    ).option('-t, --time <seconds>', 'how long they may take before they are killed', parseSeconds),
    plain({
      name: 'pause',
      description: 'freeze services: they stay endpoints that answer nobody, as a hung service does',
      done: 'is paused',
    }),
    plain({ name: 'unpause', description: 'let paused services go on', done: 'goes on' }),
    command(
      {
        name: 'kill',
        description: 'send a signal; an end by it is a crash, after which the restart policy holds',
        done: 'was sent the signal',
      },
      ({ signal = 'SIGKILL' }) => ({ kind: 'kill', signal }),
    ).option('-s, --signal <signal>', 'SIGKILL, TERM, …', parseSignal, 'SIGKILL'),
  ];
}

function parseSeconds(text: string): number {
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= 3_600)) throw new InvalidArgumentError('whole seconds from 0 to 3600');
  return seconds;
}

function parseSignal(text: string): KillSignal {
  const wanted = text.toUpperCase().replace(/^(SIG)?/, 'SIG');
  const signal = KILL_SIGNALS.find((one) => one === wanted);
  if (signal === undefined) throw new InvalidArgumentError(`one of ${KILL_SIGNALS.join(', ')}`);
  return signal;
}
