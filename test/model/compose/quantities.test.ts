import { describe, expect, it } from 'vitest';
import { durationMs, portRange } from '../../../model/compose/quantities.ts';

describe('a duration', () => {
  it.each(['', 'soon', '1', '1d', '-1s', '1 s'])('is refused as %j', (text) =>
    expect(durationMs(text)).toBeNull(),
  );
  it.each([
    ['0', 0],
    ['0s', 0],
    ['1m30s', 90_000],
    ['1h0m0.5s', 3_600_500],
    ['500ms', 500],
    ['250µs', 0.25],
  ])('%s is %d ms', (text, ms) => expect(durationMs(text)).toBeCloseTo(ms, 6));
});

describe('a range of ports', () => {
  it.each(['', '0', '65536', '9-8', '1-2000', '80/', 'http'])('is refused as %j', (text) =>
    expect(portRange(text)).toBeNull(),
  );
  it('is one port, several, or of a protocol', () => {
    expect(portRange('80')).toEqual({ ports: [80], protocol: 'tcp' });
    expect(portRange('80-82/udp')).toEqual({ ports: [80, 81, 82], protocol: 'udp' });
  });
});
