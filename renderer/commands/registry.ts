/**
 * The one list of commands: palette, shortcuts and the `?` sheet are three ways to look at it. Views add theirs through
 * local-commands.ts.
 */
import { useMemo } from 'react';
import { ACTION_STATUSES } from '../../model/instance-action.ts';
import type { InstanceState } from '../../model/session-state.ts';
import { LIFE, LIFE_ACTIONS } from '../reading/instance-life.ts';
import { act, loadOlder, reconnect, rehearse, rotate, sendSample } from '../store/actions.ts';
import { useScenarios } from '../store/host-data.ts';
import { goTo, type ViewName } from '../store/selection.ts';
import { chooseTheme } from '../store/theme.ts';
import { useWindow } from '../store/window-store.ts';
import type { Command } from './command.ts';
import { useLocal } from './local-commands.ts';
import { showPanel } from './panels.ts';

/** Views in the order of the navigation. */
export const VIEW_TITLES: readonly [ViewName, string][] = [
  ['topology', 'Topology'],
  ['traffic', 'Traffic'],
  ['rehearsals', 'Rehearsals'],
  ['policies', 'Policies'],
  ['identities', 'Identities'],
  ['services', 'Services'],
  ['export', 'Export'],
];

const GO: Command[] = VIEW_TITLES.map(([view, title], index) => ({
  id: `go-${view}`,
  title,
  group: 'Go to',
  keys: String(index + 1),
  run: () => goTo(view),
}));

const FIXED: Command[] = [
  {
    id: 'palette',
    title: 'Search or run a command',
    group: 'Window',
    keys: 'mod+k',
    run: () => showPanel('palette'),
  },
  {
    id: 'shortcuts',
    title: 'Keyboard shortcuts',
    group: 'Window',
    keys: '?',
    also: 'help keys',
    run: () => showPanel('shortcuts'),
  },
  { id: 'theme-system', title: 'Theme: as the system', group: 'Window', run: () => chooseTheme('system') },
  { id: 'theme-light', title: 'Theme: light', group: 'Window', run: () => chooseTheme('light') },
  { id: 'theme-dark', title: 'Theme: dark', group: 'Window', run: () => chooseTheme('dark') },
  { id: 'reconnect', title: 'Reconnect to the host', group: 'Window', run: reconnect },
  { id: 'sample', title: 'Send a sample request', group: 'Mesh', run: () => void sendSample() },
  {
    id: 'rotate',
    title: 'Rotate every certificate',
    group: 'Mesh',
    also: 'renew identity',
    run: () => void rotate(),
  },
  {
    id: 'denied',
    title: 'Show denied requests',
    group: 'Traffic',
    run: () => goTo('traffic', { filter: 'verdict:denied' }),
  },
  { id: 'older', title: 'Read older traffic', group: 'Traffic', run: () => void loadOlder() },
];

/** What can be done to an instance as it is now. */
function lifeCommands({ id, status }: InstanceState): Command[] {
  return LIFE_ACTIONS.filter(({ kind }) => ACTION_STATUSES[kind].includes(status)).map((action) => ({
    id: `${action.kind}-${id}`,
    title: `${LIFE[action.kind].title} ${id}`,
    group: 'Mesh',
    run: () => void act(id, action),
  }));
}

/** Every command there is now. */
export function useCommands(): Command[] {
  const scenarios = useScenarios();
  const workloads = useWindow((state) => state.session?.workloads);
  const local = useLocal((state) => state.commands);
  return useMemo(() => {
    const list = scenarios.status === 'ready' ? scenarios.value : [];
    const all = list.map((one) => one.id);
    const runAll: Command = {
      id: 'rehearse',
      title: 'Rehearse every scenario',
      group: 'Rehearse',
      keys: 'r',
      run: () => {
        goTo('rehearsals');
        void rehearse([], all);
      },
    };
    const run = list.map(
      (one): Command => ({
        id: `scenario-${one.id}`,
        title: one.title,
        group: 'Scenario',
        also: `${one.id} ${one.tags.join(' ')}`,
        run: () => goTo('rehearsals', { scenario: one.id }),
      }),
    );
    const services = (workloads ?? []).flatMap((one): Command[] => [
      {
        id: `node-${one.id}`,
        title: one.name,
        group: 'Service',
        run: () => goTo('topology', { node: one.id }),
      },
      ...(one.kind === 'gateway' ? [] : one.instances).flatMap(lifeCommands),
    ]);
    return [...GO, runAll, ...FIXED, ...run, ...services, ...local];
  }, [scenarios, workloads, local]);
}
