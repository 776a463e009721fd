/** One command that runs in a container, over the engine's hijacked connection. */
import { type Duplex, PassThrough } from 'node:stream';
import type { ExecStream, TerminalSize } from '../exec.ts';
import type { Demux } from './container-output.ts';

/**
 * Ctrl-C and the end of input, typed in turns: an engine ends no command whose caller is gone, and shells throw away what
 * was typed before they have taken in a Ctrl-C.
 */
const FAREWELL = ['\u0003', '\u0004'] as const;
const FAREWELL_EVERY_MS = 200;
/** What doesn't end by these ends with its container. */
const FAREWELLS = 20;

export interface ExecParts {
  stream: Duplex;
  terminal: 'given' | 'none';
  /** Parts the two outputs of a stream without a terminal. */
  demux: Demux;
  resize(size: TerminalSize): Promise<void>;
  exitCode(): Promise<number>;
}

export function execStream({ stream, terminal, demux, resize, exitCode }: ExecParts): ExecStream {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  if (terminal === 'given') stream.pipe(stdout);
  else demux(stream, stdout, stderr);
  // A pipe holds its source back by itself; who parts two outputs reads on, whoever takes them.
  const held = terminal === 'given' ? [stdout] : [stream, stdout, stderr];
  const over = (): void => {
    stdout.end();
    stderr.end();
  };
  stream.on('end', over).on('close', over).on('error', over);
  const ended = (output: PassThrough): Promise<void> =>
    new Promise((resolve) => {
      output.once('end', resolve).once('close', resolve);
    });
  return {
    onOutput(sink) {
      stdout.on('data', (chunk: Buffer) => sink('stdout', chunk));
      stderr.on('data', (chunk: Buffer) => sink('stderr', chunk));
    },
    pause: () => held.forEach((part) => part.pause()),
    resume: () => held.forEach((part) => part.resume()),
    write: (data) => void (stream.writable && stream.write(data)),
    // A terminal's input ends by what is typed; its connection must stay to take leave by.
    end: () => void (terminal === 'given' ? stream.write(FAREWELL[1]) : stream.end()),
    resize,
    exited: Promise.all([ended(stdout), ended(stderr)]).then(exitCode),
    close() {
      if (!stream.writable || terminal === 'none') stream.destroy();
      else takeLeave(stream);
    },
  };
}

function takeLeave(stream: Duplex): void {
  let said = 0;
  const leave = (): void => {
    if (said === FAREWELLS || stream.readableEnded || !stream.writable) {
      clearInterval(timer);
      stream.destroy();
      return;
    }
    stream.write(FAREWELL[said % 2]);
    said += 1;
  };
  const timer = setInterval(leave, FAREWELL_EVERY_MS).unref();
  stream.once('close', () => clearInterval(timer));
  // Its last words are for nobody, but they must not stand in the way of its end.
  stream.resume();
  leave();
}
