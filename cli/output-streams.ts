/**
 * What happens when nobody takes our words any more. A reader that has seen enough (`| head`) is no error: it changes
 * no verdict and cuts no clean-up short. A full disk is one: a result that can't be written must not end with 0.
 */
import { EnvironmentError } from '../model/environment-error.ts';

type Stream = Pick<NodeJS.WriteStream, 'on'>;

export interface OutputGuard {
  /** Aborted once the reader of stdout is gone. */
  readonly readerGone: AbortSignal;
  /** @throws EnvironmentError `output-not-written` when something other than a missing reader stopped the output */
  check(): void;
}

/** Watches both streams from now on. */
export function guardOutput(stdout: Stream, stderr: Stream): OutputGuard {
  const gone = new AbortController();
  let broken: NodeJS.ErrnoException | null = null;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') gone.abort();
    else broken ??= error;
  });
  // Progress and problems have no other place to go to; the exit code still tells.
  stderr.on('error', () => undefined);
  return {
    readerGone: gone.signal,
    check: () => {
      if (broken)
        throw new EnvironmentError('output-not-written', `the result can't be written: ${broken.message}`, {
          cause: broken,
        });
    },
  };
}

let installed: OutputGuard | null = null;

/** The one guard of this process's own streams. */
export function ownOutput(): OutputGuard {
  installed ??= guardOutput(process.stdout, process.stderr);
  return installed;
}
