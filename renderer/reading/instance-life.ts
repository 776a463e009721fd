/** What can be done to an instance, in a person's words: on its button, under it, and in the tray. */
import type { InstanceAction } from '../../model/instance-action.ts';

export interface LifeWords {
  /** On the button. */
  title: string;
  does: string;
  /** Before the instance's name. */
  running: string;
  done: string;
}

export const LIFE: Readonly<Record<InstanceAction['kind'], LifeWords>> = {
  restart: {
    title: 'Restart',
    does: 'Ends it in order and starts it anew; its sidecar stays.',
    running: 'Restarting',
    done: 'it is ready again',
  },
  start: {
    title: 'Start',
    does: 'Starts it again and waits until it is ready.',
    running: 'Starting',
    done: 'it is ready',
  },
  stop: {
    title: 'Stop',
    does: 'Asks it to end, and kills it if it takes too long; its sidecar stays, and nobody answers behind it.',
    running: 'Stopping',
    done: 'it is stopped',
  },
  pause: {
    title: 'Pause',
    does: 'Freezes it: it stays an endpoint that answers nobody, as a hung service does.',
    running: 'Pausing',
    done: 'it is paused',
  },
  unpause: {
    title: 'Unpause',
    does: 'Lets it go on where it was frozen.',
    running: 'Unpausing',
    done: 'it goes on',
  },
  kill: {
    title: 'Kill',
    does: 'Sends the signal; an end by it is a crash, after which the restart policy holds.',
    running: 'Killing',
    done: 'it was sent the signal',
  },
};

/** Each action as it is when nothing more is said about it. */
export const LIFE_ACTIONS: readonly InstanceAction[] = [
  { kind: 'restart' },
  { kind: 'stop', graceMs: null },
  { kind: 'start' },
  { kind: 'pause' },
  { kind: 'unpause' },
  { kind: 'kill', signal: 'SIGKILL' },
];
