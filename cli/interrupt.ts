/**
 * Ctrl-C, a closed terminal: the running command is asked to stop and cleans up; asked again, or when its launcher
 * died, it stops at once (its supervisor ends the services then).
 */
import { Socket } from 'node:net';
import { EXIT, Interrupted } from './exit-codes.ts';

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Runs `body` with a signal that aborts when the user asks to stop. */
export async function interruptible<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort(new Interrupted());
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  // Nobody is left to wait for a tidy end; the supervisor ends the services within its second.
  const launcher = watchLauncher(() => process.exit(EXIT.interrupted));
  try {
    return await body(controller.signal);
  } catch (error) {
    // Whatever broke because it was cut short is the user's wish, not a failure of its own.
    throw controller.signal.aborted ? new Interrupted() : error;
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
    launcher?.destroy();
  }
}

/** bin/greenroom.js hands over a pipe that closes when it dies. */
function watchLauncher(onGone: () => void): Socket | null {
  const fd = process.env['GREENROOM_LAUNCHER_FD'];
  if (fd === undefined) return null;
  // The services must not think that they have a launcher too.
  delete process.env['GREENROOM_LAUNCHER_FD'];
  const pipe = new Socket({ fd: Number(fd), readable: true, writable: false });
  pipe.on('end', onGone).on('error', onGone).resume();
  // It is there to be noticed, not to be waited for.
  pipe.unref();
  return pipe;
}
