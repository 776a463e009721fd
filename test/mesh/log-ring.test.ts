import { describe, expect, it } from 'vitest';
import { LogRing } from '../../mesh/log-ring.ts';

const line = (instance: string, text: string) => ({ instance, stream: 'stdout' as const, text, at: 0 });

describe('the log of instances', () => {
  it('is bounded, and drops the oldest lines first', () => {
    const ring = new LogRing();
    for (let number = 0; number < 20_000; number += 1) ring.add(line('web-0', String(number)));
    const kept = ring.last('web-0', Number.MAX_SAFE_INTEGER);
    expect(kept).toHaveLength(5_000);
    expect(kept.at(-1)?.text).toBe('19999');
    expect(kept[0]?.text).toBe('15000');
  });

  it('keeps a talkative instance from pushing out what a quiet one said', () => {
    const ring = new LogRing();
    ring.add(line('quiet-0', 'once'));
    for (let number = 0; number < 10_000; number += 1) ring.add(line('web-0', 'again'));
    expect(ring.last('quiet-0').map(({ text }) => text)).toEqual(['once']);
    expect(ring.last('nobody')).toEqual([]);
  });

  it('tells each line once, to those who still listen', () => {
    const ring = new LogRing();
    const heard: string[] = [];
    const stop = ring.listen(({ text }) => heard.push(text));
    ring.add(line('web-0', 'first'));
    stop();
    ring.add(line('web-0', 'second'));
    expect(heard).toEqual(['first']);
    expect(ring.last('web-0', 1).map(({ text }) => text)).toEqual(['second']);
  });
});
