import { describe, expect, it } from 'vitest';
import { addToOverhead, NO_OVERHEAD } from '../../../renderer/store/overhead.ts';
import { event } from '../fixtures/events.ts';

describe('what lies between two sidecars', () => {
  it('is told by no single side, nor by two of the same side', () => {
    expect(addToOverhead(NO_OVERHEAD, [event(1), event(2, { requestId: 'r-1' })]).samples).toEqual([]);
  });

  it('is the difference of the two, in whichever order and batch they came', () => {
    const inbound = event(1, { requestId: 'x', durationMs: 2 });
    const outbound = event(2, { requestId: 'x', durationMs: 2.5, direction: 'outbound' });
    expect(addToOverhead(addToOverhead(NO_OVERHEAD, [outbound]), [inbound]).samples).toEqual([0.5]);
  });

  it('waits for no more than it can hold', () => {
    const many = Array.from({ length: 2_000 }, (_, index) => event(index + 1));
    expect(addToOverhead(NO_OVERHEAD, many).waiting.size).toBe(512);
  });
});
