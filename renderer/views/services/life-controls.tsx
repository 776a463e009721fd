/** What can be done to an instance: restart, stop or start, pause or unpause, kill. What came of it stands below. */
import { Pause, Play, Power, RotateCw, Skull, Square, type LucideIcon } from 'lucide-react';
import { type ReactNode, useId, useState } from 'react';
import {
  ACTION_STATUSES,
  KILL_SIGNALS,
  type InstanceAction,
  type KillSignal,
} from '../../../model/instance-action.ts';
import type { InstanceState } from '../../../model/session-state.ts';
import { LIFE } from '../../reading/instance-life.ts';
import { safeText } from '../../reading/safe-text.ts';
import { act, lifeTask } from '../../store/actions.ts';
import { useTasks } from '../../store/tasks.ts';

type Kind = InstanceAction['kind'];

const ICONS: Readonly<Record<Kind, LucideIcon>> = {
  restart: RotateCw,
  stop: Square,
  start: Power,
  pause: Pause,
  unpause: Play,
  kill: Skull,
};

/** The buttons, and what the one that is looked at does. */
export function LifeControls({ instance }: { instance: InstanceState }): ReactNode {
  const { id, status } = instance;
  const [signal, setSignal] = useState<KillSignal>('SIGKILL');
  const [looked, setLooked] = useState<Kind | null>(null);
  const help = useId();
  const task = useTasks(({ tasks }) => tasks.find((one) => one.id === lifeTask(id)));
  const fits = (kind: Kind): boolean => ACTION_STATUSES[kind].includes(status);
  // One place for the two of a pair: the focus stays where it is when one becomes the other.
  const actions: InstanceAction[] = [
    { kind: 'restart' },
    fits('start') ? { kind: 'start' } : { kind: 'stop', graceMs: null },
    fits('unpause') ? { kind: 'unpause' } : { kind: 'pause' },
    { kind: 'kill', signal },
  ];
  return (
    <div className="life">
      <div className="life-buttons" role="group" aria-label={`Life of ${id}`}>
        {actions.map((action, place) => {
          const { kind } = action;
          const Icon = ICONS[kind];
          const look = (): void => setLooked(kind);
          const leave = (): void => setLooked(null);
          return (
            <button
              key={place}
              type="button"
              className="btn s"
              // Not `disabled`: it keeps the focus, and can say why.
              aria-disabled={!fits(kind)}
              aria-describedby={help}
              onClick={() => {
                look();
                if (fits(kind)) void act(id, action);
              }}
              onFocus={look}
              onBlur={leave}
              onPointerEnter={look}
              onPointerLeave={leave}
            >
              <Icon size={12} /> {LIFE[kind].title}
            </button>
          );
        })}
        <select
          className="field"
          aria-label="Signal to kill with"
          value={signal}
          onChange={(event) => setSignal(KILL_SIGNALS.find((one) => one === event.target.value) ?? 'SIGKILL')}
        >
          {KILL_SIGNALS.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </div>
      <p id={help} className="sub life-help">
        {wordsOf(looked, instance)}
      </p>
      {task?.status === 'running' ? (
        <p role="status">
          <span className="busy" aria-hidden="true" /> {task.title}…
        </p>
      ) : null}
      {task?.status === 'failed' ? (
        <p className="deny" role="alert">
          ✕ {task.title} failed: {safeText(task.detail, 600)}
        </p>
      ) : null}
    </div>
  );
}

function wordsOf(looked: Kind | null, { id, status }: InstanceState): string {
  if (looked === null) return 'What a button does stands here while it has the focus or the pointer.';
  if (ACTION_STATUSES[looked].includes(status)) return LIFE[looked].does;
  return `Not now: ${id} is ${status}. ${LIFE[looked].does}`;
}
