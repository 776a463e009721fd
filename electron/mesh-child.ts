/**
 * The mesh's own Node process, started by the app and stopped with it: when this side of the pipe closes, however
 * it closes, the other side stops every service.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';

export interface MeshChild {
  send(text: string): void;
  onMessage(sink: (text: string) => void): void;
  /** Once; with the last lines that it wrote when it ended by itself. */
  onExit(sink: (code: number | null, lastWords: string) => void): void;
  /** Closes the pipe and waits until it has stopped everything. */
  stop(): Promise<void>;
}

const LAST_WORDS = 4_000;

/**
 * Starts the mesh of `project` with `node` (never Electron's own).
 * @param entry host/mesh-process, as built
 */
export function startMeshChild(node: string, entry: string, project: string): MeshChild {
  const child = spawn(node, [entry, project], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const pipe = child.stdio[3] as Duplex;
  const lines = createInterface({ input: pipe, crlfDelay: Number.POSITIVE_INFINITY });
  pipe.on('error', () => undefined);
  let words = '';
  child.stderr?.on('data', (data: Buffer) => {
    words = (words + data.toString('utf8')).slice(-LAST_WORDS);
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => resolve(code));
    child.once('error', (error) => {
      words += error.message;
      resolve(null);
    });
  });
  return {
    send: (text) => void pipe.write(`${text}\n`),
    onMessage: (sink) => void lines.on('line', sink),
    onExit: (sink) => void ended.then((code) => sink(code, words)),
    stop: async () => {
      pipe.destroy();
      lines.close();
      await ended;
    },
  };
}
