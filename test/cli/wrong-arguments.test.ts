/** Wrong words on the command line of a running session: exit 2, and a way out; nothing of the session has changed. */
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Folder, temporaryFolder, type Ran } from '../support/greenroom.ts';
import { greenroomUp, type RunningUp } from '../support/greenroom-up.ts';
import { runHere } from '../support/in-process.ts';
import { listenLocally } from '../support/local-server.ts';
import { ordersProject } from '../support/orders-project.ts';

const project = (ide: number): string =>
  ordersProject(`    ide: { attach: "127.0.0.1:${ide}", ports: [{ name: http, port: 80, targetPort: 8080 }] }
  gateways:
    ingress: { labels: { istio: ingressgateway } }
`);

let folder: Folder;
let up: RunningUp;
const ide = createServer((socket) => socket.end());

beforeAll(async () => {
  const port = await listenLocally(ide);
  folder = await temporaryFolder({ 'greenroom.yaml': project(port) });
  up = await greenroomUp(folder.path, {});
}, 60_000);
afterAll(async () => {
  await up?.interrupt();
  ide.close();
  await folder.remove();
});

afterEach(() => {
  vi.unstubAllEnvs();
});

async function run(line: string, dataDir = up.dataDir): Promise<Ran> {
  vi.stubEnv('GREENROOM_DATA_DIR', dataDir);
  return await runHere(line.split(' ').map((word) => (word === "''" ? '' : word)));
}

/** Those that act on services by name, each with a word in the place of `NAME`. */
const NAMING = ['logs NAME', 'exec NAME true', 'restart NAME', 'stop NAME', 'pause NAME', 'kill NAME'];
const named = (name: string): string[] => NAMING.map((line) => line.replace('NAME', name));

const WRONG: readonly (readonly [why: string, says: string, hint: string, lines: readonly string[]])[] = [
  [
    'a name that is nearly one',
    'is called ordrs',
    'did you mean orders?',
    [...named('ordrs'), 'start ordrs', 'unpause ordrs'],
  ],
  ['a name that is nearly one, scaled', 'no service ordrs', 'did you mean orders?', ['scale ordrs=2']],
  [
    'a name like none',
    'is called billing/ledger',
    'there are: ',
    ['logs billing/ledger', 'restart orders billing/ledger'],
  ],
  [
    'a name like none, scaled',
    'no service billing',
    'there are: ide, orders',
    ['scale billing=2', 'scale orders=2 billing=2'],
  ],
  [
    'an instance where a service is meant',
    'orders-0 is an instance',
    'its service is orders',
    ['scale orders-0=2'],
  ],
  [
    'an attached service',
    'is attached (127.0.0.1:',
    'where you started it',
    [...named('ide').slice(1), 'scale ide=2'],
  ],
  [
    'a gateway',
    'ingress',
    'a gateway is a listener of the session',
    [...named('ingress').slice(1), 'scale ingress=2'],
  ],
  ['a process where a container is meant', 'there is no container', '--runtime docker', ['exec orders sh']],
  [
    'a number that is none',
    'SERVICE=COUNT',
    'such as orders=3',
    ['scale orders', 'scale orders=', 'scale orders=two', 'scale orders=-1', 'scale =2', 'scale orders=101'],
  ],
  [
    'seconds that are none',
    'whole seconds from 0 to 3600',
    'stop --help',
    ["stop -t '' orders", 'stop -t soon orders', 'stop -t 1.5 orders', 'stop --time=-1 orders'],
  ],
  ['lines that are none', 'a number of lines from 1', 'logs --help', ['logs -n 0', "logs -n ''"]],
  ['a signal that is none', 'one of SIGHUP', 'kill --help', ['kill -s STOPP orders']],
  [
    'nothing where a service is named',
    'missing required argument',
    ' --help tells more',
    [
      'scale',
      'restart',
      'start',
      'stop',
      'pause',
      'unpause',
      'kill',
      'exec',
      'exec orders',
      'exec orders --',
    ],
  ],
  [
    'a session that isn’t there',
    'no session abcdef runs',
    'one of these',
    ['logs --session abcdef', 'restart --session abcdef orders', 'scale --session abcdef orders=2'],
  ],
];

describe.each(WRONG)('%s', (_, says, hint, lines) => {
  it.each(lines)('is refused with 2 and a way out: %s', async (line) => {
    const { code, stdout, stderr } = await run(line);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(says) });
    expect(stderr).toContain(hint);
  });
});

describe('what isn’t there', () => {
  it.each(['logs', 'exec orders sh', 'restart orders', 'stop orders', 'scale orders=2'])(
    'is the environment, exit 3 with a hint, where no session runs: %s',
    async (line) => {
      const { code, stderr } = await run(line, folder.path);
      expect(code).toBe(3);
      expect(stderr).toContain('no-session: nothing runs');
      expect(stderr).toContain('hint: greenroom up starts one');
    },
  );

  it('is a state of a service: exit 3, with what may be done now', async () => {
    const { code, stderr } = await run('start orders');
    expect(code).toBe(3);
    expect(stderr).toContain('orders-0 is ready, not stopped or failed');
    expect(stderr).toContain('a ready one takes restart, stop, pause, kill');
  });
});

it('leaves the session as it was', async () => {
  const { stdout } = await run('status');
  expect(stdout).toMatch(/orders-0 +ready/);
  expect(stdout).not.toContain('orders-1');
});
