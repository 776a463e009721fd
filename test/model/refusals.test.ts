import { describe, expect, it } from 'vitest';
import { refusalWords } from '../../model/refusals.ts';

const none = { tcp: 0, udp: 0, dns: 0, other: 0, inbound: 0 };

describe('refusals in words', () => {
  it('say so where there is none', () => {
    expect(refusalWords(none)).toBe('nothing refused');
  });

  it('sum up and name only what happened', () => {
    expect(refusalWords({ ...none, tcp: 10, dns: 2 })).toBe('12 refused: 10 tcp, 2 dns');
    expect(refusalWords({ tcp: 1, udp: 2, dns: 3, other: 4, inbound: 5 })).toBe(
      '15 refused: 1 tcp, 2 udp, 3 dns, 4 other, 5 inbound',
    );
  });
});
