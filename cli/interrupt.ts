/**
 * Ctrl-C, a closed terminal: the running command is asked to stop and cleans up; asked again, or when its launcher
 * died, it stops at once (its supervisor ends the services then). A terminal sends a Ctrl-C to every process of the
 * command, and npm and our launcher pass theirs on: what comes that close behind the first is the same Ctrl-C.
 */
import { Socket } from 'node:net';
import { EXIT, Interrupted } from './exit-codes.ts';
import { note } from './output.ts';

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const SAME_WISH_MS = 1_000;

/** What the clock and the end of the process are; tests bring their own. */
export interface InterruptPorts {
  nowMs(): number;
  exit(code: number): void;
}

const REAL: InterruptPorts = { nowMs: () => performance.now(), exit: (code) => process.exit(code) };

/** Runs `body` with a signal that aborts when the user asks to stop. */
export async function interruptible<T>(
  body: (signal: AbortSignal) => Promise<T>,
  ports: InterruptPorts = REAL,
): Promise<T> {
  const controller = new AbortController();
  let askedAt = 0;
  const onSignal = (): void => {
    if (!controller.signal.aborted) {
      askedAt = ports.nowMs();
      controller.abort(new Interrupted());
    } else if (ports.nowMs() - askedAt >= SAME_WISH_MS) {
      note('stopped at once; what runs in Docker may be left: greenroom doctor tells');
      ports.exit(EXIT.interrupted);
    }
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  // Nobody is left to wait for a tidy end; the supervisor ends the services within its second.
  const launcher = watchLauncher(() => ports.exit(EXIT.interrupted));
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

/** Resolves when the user asks to stop. */
export async function untilStopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
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
