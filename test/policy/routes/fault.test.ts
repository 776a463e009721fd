import { describe, expect, it } from 'vitest';
import type { Fault } from '../../../policy/routes/compiled-routes.ts';
import { drawFault, drawMirrors } from '../../../policy/routes/fault.ts';

const delay = (millionths: number): Fault['delay'] => ({ ms: 5, millionths });
const abort = (millionths: number): Fault['abort'] => ({ kind: 'grpc', status: 14, millionths });

describe('a fault', () => {
  it('happens by its percentage, never at none, always at all', () => {
    const draws = (millionths: number, draw: number) =>
      drawFault({ delay: delay(millionths), abort: null }, () => draw);
    expect(draws(0, 0)).toEqual({ delayMs: 0, abort: null });
    expect(draws(1, 0).delayMs).toBe(5);
    expect(draws(500_000, 0.499_999).delayMs).toBe(5);
    expect(draws(500_000, 0.5).delayMs).toBe(0);
    expect(draws(1_000_000, 0.999_999_9).delayMs).toBe(5);
  });

  it('is a delay and an abort, each drawn by itself', () => {
    const both = { delay: delay(500_000), abort: abort(500_000) };
    const draws = (...values: number[]) => drawFault(both, () => values.shift() ?? 1);
    expect(draws(0, 1)).toEqual({ delayMs: 5, abort: null });
    expect(draws(1, 0)).toEqual({ delayMs: 0, abort: { kind: 'grpc', status: 14 } });
    expect(draws(0, 0)).toEqual({ delayMs: 5, abort: { kind: 'grpc', status: 14 } });
    expect(drawFault({ delay: null, abort: abort(0) }, () => 0)).toEqual({ delayMs: 0, abort: null });
    expect(drawFault({ delay: null, abort: null }, () => 0)).toEqual({ delayMs: 0, abort: null });
  });
});

describe('mirrors', () => {
  it('are drawn one by one', () => {
    const mirrors = [
      { cluster: 'all', millionths: 1_000_000 },
      { cluster: 'half', millionths: 500_000 },
      { cluster: 'none', millionths: 0 },
    ];
    expect(drawMirrors(mirrors, () => 0)).toEqual(['all', 'half']);
    expect(drawMirrors(mirrors, () => 0.5)).toEqual(['all']);
    const draws = [0.9, 0.1, 0];
    expect(drawMirrors(mirrors, () => draws.shift() ?? 1)).toEqual(['all', 'half']);
  });
});
