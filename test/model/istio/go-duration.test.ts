/** Durations as Go reads them, to the nanosecond. */
import { expect, it } from 'vitest';
import { parseGoDuration } from '../../../model/istio/go-duration.ts';

it.each(['', '5', 's', '.s', '1 s', '1d', '1s1', '--1s', '1e3s', '300000h'.padStart(200, '0'), '3000000h'])(
  'refuses %j',
  (text) => {
    expect(parseGoDuration(text)).toBeNull();
  },
);

it.each<[string, bigint]>([
  ['0', 0n],
  ['-0', 0n],
  ['1ns', 1n],
  ['1.5ms', 1_500_000n],
  ['.5s', 500_000_000n],
  ['1.s', 1_000_000_000n],
  ['1h2m3s', 3_723_000_000_000n],
  ['-1s', -1_000_000_000n],
  ['+2µs', 2_000n],
  ['0.0000000019s', 1n],
])('%j is %s ns', (text, nanoseconds) => {
  expect(parseGoDuration(text)).toBe(nanoseconds);
});
