/** A Greenroom that a test kills. What comes of it is known by a mark that it inherits, not by what Greenroom wrote. */
import { type ChildProcess, spawn } from 'node:child_process';
import { delimiter } from 'node:path';

export interface MarkedGreenroom {
  child: ChildProcess;
  /** Stands in the environment of every process that comes of it. */
  mark: string;
  output(): string;
  /** False = it ended before. */
  ready: Promise<boolean>;
  gone: Promise<number | null>;
  /** Kills it at once, and waits for its end. */
  kill(): Promise<void>;
}

export interface MarkedOptions {
  dataDir: string;
  /** What it writes when it is ready. */
  ready: RegExp;
}

let started = 0;

/** Starts Node with these words. The mark is a folder on the PATH, which isn't there. */
export function markedGreenroom(words: readonly string[], options: MarkedOptions): MarkedGreenroom {
  const mark = `/greenroom-mark-${process.pid}/${(started += 1)}/`;
  const child = spawn(process.execPath, words, {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      GREENROOM_DATA_DIR: options.dataDir,
      PATH: `${process.env['PATH']}${delimiter}${mark}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const gone = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const ready = new Promise<boolean>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (options.ready.test(output)) resolve(true);
      });
    void gone.then(() => resolve(false));
  });
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  return { child, mark, output: () => output, ready, gone, kill };
}
