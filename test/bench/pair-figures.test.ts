import { describe, expect, it } from 'vitest';
import { CASES, DENIED_EVERY, wholeHundreds } from '../../bench/pair/cases.ts';
import { judgeRatios } from '../../bench/pair/demands.ts';
import { type CaseFigures, medianFigures, type PeerFigures } from '../../bench/pair/figures.ts';

function figures(rps: number, more: Partial<CaseFigures> = {}): CaseFigures {
  return { rps, p50_us: 100, p99_us: 200, cpu_us: 50, rss_kb: 1_000, ...more };
}

function peers(ours: CaseFigures, denials: { expected: number; seen: number }): Record<string, PeerFigures> {
  const all = (one: CaseFigures): PeerFigures => Object.fromEntries(CASES.map(({ name }) => [name, one]));
  return {
    greenroom: {
      ...all(ours),
      events_recorded: 10,
      events_dropped: 0,
      denied_expected: denials.expected,
      denied_seen: denials.seen,
    },
    envoy: all(figures(1_000)),
    'http-proxy': all(figures(250)),
  };
}

const EQUAL = { expected: 5, seen: 5 };

describe('the ratios that a run must show', () => {
  it('fail where nothing was measured', () => {
    const { failures, lines } = judgeRatios({});
    expect(failures).toHaveLength(lines.length);
  });

  it('fail by the figure that is too slow, and by it alone', () => {
    const { failures } = judgeRatios(peers(figures(1_300, { p99_us: 301, cpu_us: 40 }), EQUAL));
    expect(failures).toEqual(['h1-c32-0b p99_us: 1.50 of envoy (at most 1.5)']);
  });

  it('fail where a denial wasn’t recorded', () => {
    const { failures } = judgeRatios(peers(figures(1_300, { cpu_us: 40 }), { expected: 5, seen: 4 }));
    expect(failures).toEqual(['4 of 5 denials recorded']);
  });

  it('hold at their bounds', () => {
    const bound = figures(1_300, { cpu_us: 40, p50_us: 100, p99_us: 300 });
    expect(judgeRatios(peers(bound, EQUAL)).failures).toEqual([]);
  });
});

describe('a run', () => {
  it.each(CASES)('of $name denies exactly one request of a hundred on every connection', (benchCase) => {
    for (const wanted of [1, 777, 123_456]) {
      const requests = wholeHundreds(wanted, benchCase);
      expect(requests).toBeGreaterThan(0);
      expect(requests % (benchCase.connections * DENIED_EVERY)).toBe(0);
    }
  });

  it('is told by the median of each figure by itself', () => {
    const rounds = [figures(1, { p99_us: 9 }), figures(3, { p99_us: 5 }), figures(2, { p99_us: 7 })];
    expect(medianFigures(rounds)).toMatchObject({ rps: 2, p99_us: 7 });
  });
});
