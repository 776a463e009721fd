/** Whether a route's faults happen to one request. */
import type { Fault } from './compiled-routes.ts';

export interface FaultDraw {
  delayMs: number;
  abort: { kind: 'http' | 'grpc'; status: number } | null;
}

export const NO_FAULT: FaultDraw = { delayMs: 0, abort: null };
const MILLION = 1_000_000;

/** Each by its own percentage. */
export function drawFault({ delay, abort }: Fault, random: () => number): FaultDraw {
  const happens = (millionths: number): boolean => millionths > 0 && random() * MILLION < millionths;
  return {
    delayMs: delay !== null && happens(delay.millionths) ? delay.ms : 0,
    abort: abort !== null && happens(abort.millionths) ? { kind: abort.kind, status: abort.status } : null,
  };
}

/** Clusters that get a copy of this request. */
export function drawMirrors(
  mirrors: readonly { cluster: string; millionths: number }[],
  random: () => number,
): string[] {
  return mirrors.filter(({ millionths }) => random() * MILLION < millionths).map(({ cluster }) => cluster);
}
