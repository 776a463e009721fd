/** What is told of an instance, in words. Pure. */
import type { Pod } from './pod.ts';
import type { Crash } from './service-container.ts';

/** What a start waits for, in words. */
export function awaited({ workload: { ports, run } }: Pod): string {
  if (run.container?.runsToCompletion === true) return 'waiting for its end';
  if (ports.length === 0) return 'starting its container';
  return `waiting for ${ports.map((port) => port.targetPort).join(', ')}`;
}

/** A first crash shortly; those that follow it as the loop that they are, with what the service said last. */
export function crashWords({ words, pauseMs, inARow, lastLine }: Crash): string {
  const again = `again in ${pauseMs / 1000} s`;
  if (inARow === 1) return `${words}; ${again}`;
  const said = lastLine === null ? '' : `; its last line: ${lastLine.slice(0, 200)}`;
  return `crash loop: ${words}, ${inARow} times in a row; ${again}${said}`;
}
