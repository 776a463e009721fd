/** `docker build` by the command line, which knows the builders, secrets and ignore files that the bare API doesn't. */
import { spawn } from 'node:child_process';
import { eachLine } from './lines.ts';

const KEPT_LINES = 20;

export interface BuildRequest {
  context: string;
  dockerfile?: string;
  tag: string;
  labels: Readonly<Record<string, string>>;
  onLine?: (line: string) => void;
  signal?: AbortSignal;
}

export type BuildOutcome = { ok: true } | { ok: false; lastLines: string[] };

/** Builds and tags an image. A failed build is an outcome; an aborted one rejects. */
export async function dockerBuild(request: BuildRequest): Promise<BuildOutcome> {
  const { context, dockerfile, tag, labels, onLine, signal } = request;
  const args = ['build', '--tag', tag];
  if (dockerfile !== undefined) args.push('--file', dockerfile);
  for (const [name, value] of Object.entries(labels)) args.push('--label', `${name}=${value}`);
  const lastLines: string[] = [];
  const note = (line: string) => {
    if (line.trim() === '') return;
    if (lastLines.push(line) > KEPT_LINES) lastLines.shift();
    onLine?.(line);
  };
  const child = spawn('docker', [...args, context], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal ? { signal } : {}),
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      note(error.message);
      resolve(null);
    });
    child.once('close', resolve);
  });
  const [code] = await Promise.all([ended, eachLine(child.stdout, note), eachLine(child.stderr, note)]);
  signal?.throwIfAborted();
  return code === 0 ? { ok: true } : { ok: false, lastLines };
}
