/** `greenroom scale orders=3`: another number of instances of a service, in a running session. */
import { Command, InvalidArgumentError } from 'commander';
import { counted } from '../model/counted.ts';
import { MOST_REPLICAS } from '../model/replicas.ts';
import { note } from './output.ts';
import { mustBeService, sessionOption, withSessionLine } from './session-line.ts';

interface Wanted {
  service: string;
  count: number;
}

/** The command, ready to be added to the program. */
export function scaleCommand(): Command {
  return new Command('scale')
    .description('more or fewer instances of services of a running session, while requests go on')
    .argument('<service=count...>', `services, each with 0 to ${MOST_REPLICAS} instances`, parseWanted)
    .addOption(sessionOption())
    .addHelpText(
      'after',
      '\nA new instance is called once it is ready. One that leaves is called no more, answers what it was asked, and ' +
        'gets its grace.\n\nExamples:\n  $ greenroom scale orders=3\n  $ greenroom scale web=2 billing/payments=5',
    )
    .action(async (wanted: Wanted[], { session }: { session?: string }) => {
      await withSessionLine(session, async ({ api }) => {
        const state = await api.state();
        // All of them before any is changed.
        for (const { service } of wanted) mustBeService(state, service);
        for (const { service, count } of wanted) {
          await api.scale(service, count);
          note(`${service} has ${counted(count, 'instance')}`);
        }
      });
    });
}

function parseWanted(text: string, before: Wanted[] = []): Wanted[] {
  const [, service = '', digits = ''] = /^([^=]+)=([0-9]{1,3})$/.exec(text) ?? [];
  const count = Number(digits);
  if (service === '' || count > MOST_REPLICAS)
    throw new InvalidArgumentError(
      `write SERVICE=COUNT with a count from 0 to ${MOST_REPLICAS}, such as orders=3`,
    );
  return [...before, { service, count }];
}
