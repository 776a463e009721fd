import { describe, expect, it } from 'vitest';
import { count, duration, plural, rate, span, stopwatch } from '../../../renderer/reading/format.ts';

describe('numbers', () => {
  it('read as people say them', () => {
    expect([count(12_408), plural(1, 'denial'), plural(2, 'denial')]).toEqual([
      '12,408',
      '1 denial',
      '2 denials',
    ]);
    expect([rate(0), rate(12), rate(90), rate(2_292)]).toEqual(['idle', '12/min', '1.5/s', '38/s']);
    expect([duration(null), duration(0.41), duration(142.7), duration(1_240)]).toEqual([
      '–',
      '0.4 ms',
      '143 ms',
      '1.2 s',
    ]);
    expect([span(48_000), span(11.7 * 3_600_000), span(9 * 86_400_000)]).toEqual([
      '48 s',
      '11 h 42 m',
      '9 d',
    ]);
    expect([stopwatch(412), stopwatch(61_004)]).toEqual(['0:00.412', '1:01.004']);
  });
});
