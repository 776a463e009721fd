/** What a container writes: two outputs in one stream, which the engine frames. */
import { type Duplex, PassThrough } from 'node:stream';
import { eachLine } from './lines.ts';

export type ContainerOutput = (line: { stream: 'stdout' | 'stderr'; text: string }) => void;

/** Parts the two outputs of a stream; ends neither. */
export type Demux = (source: Duplex, stdout: PassThrough, stderr: PassThrough) => void;

const LAST_LINES = 20;

/** Gives `sink` every line of both; resolves after the last one. */
export async function eachOutputLine(source: Duplex, demux: Demux, sink: ContainerOutput): Promise<void> {
  const [stdout, stderr] = parted(source, demux);
  await Promise.all([
    eachLine(stdout, (text) => sink({ stream: 'stdout', text })),
    eachLine(stderr, (text) => sink({ stream: 'stderr', text })),
  ]);
}

/** The last lines of both, in the order in which they came. Rejects with the signal's reason, and lets go then. */
export async function lastLines(source: Duplex, demux: Demux, signal: AbortSignal): Promise<string> {
  const letGo = (): unknown => source.destroy();
  signal.addEventListener('abort', letGo, { once: true });
  if (signal.aborted) letGo();
  const both = new PassThrough();
  demux(source, both, both);
  onEnd(source, () => both.end());
  const lines: string[] = [];
  await eachLine(both, (line) => {
    if (lines.push(line) > LAST_LINES) lines.shift();
  });
  signal.removeEventListener('abort', letGo);
  signal.throwIfAborted();
  return lines.join('\n');
}

function parted(source: Duplex, demux: Demux): [stdout: PassThrough, stderr: PassThrough] {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  demux(source, stdout, stderr);
  onEnd(source, () => {
    stdout.end();
    stderr.end();
  });
  return [stdout, stderr];
}

function onEnd(source: Duplex, end: () => void): void {
  source.on('end', end).on('close', end).on('error', end);
}
