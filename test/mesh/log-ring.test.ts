import { describe, expect, it } from 'vitest';
import { LogRing } from '../../mesh/log-ring.ts';

const line = (instance: string, text: string, at = 0) => ({ instance, stream: 'stdout' as const, text, at });
const ALL = { limit: Number.MAX_SAFE_INTEGER };

function ringOf(...lines: ReturnType<typeof line>[]): LogRing {
  const ring = new LogRing();
  for (const one of lines) ring.add(one);
  return ring;
}

describe('the log of instances', () => {
  it('is bounded, and drops the oldest lines first', () => {
    const ring = new LogRing();
    for (let number = 0; number < 20_000; number += 1) ring.add(line('web-0', String(number)));
    const kept = ring.read(ALL).lines;
    expect(kept).toHaveLength(5_000);
    expect(kept.at(-1)?.text).toBe('19999');
    expect(kept[0]?.text).toBe('15000');
  });

  it('keeps a talkative instance from pushing out what a quiet one said', () => {
    const ring = ringOf(line('quiet-0', 'once'));
    for (let number = 0; number < 10_000; number += 1) ring.add(line('web-0', 'again'));
    expect(ring.read({ ...ALL, instances: ['quiet-0'] }).lines.map(({ text }) => text)).toEqual(['once']);
    expect(ring.read({ ...ALL, instances: ['nobody'] }).lines).toEqual([]);
  });

  it('says of whom lines are gone that nobody has read', () => {
    const ring = ringOf(line('quiet-0', 'once'), line('web-0', 'first'));
    for (let number = 0; number < 20_000; number += 1) ring.add(line('web-0', 'again'));
    expect(ring.read({ ...ALL, after: 1 }).cutOff).toEqual(['web-0']);
    expect(ring.read({ ...ALL, after: 20_000 }).cutOff).toEqual([]);
    expect(ring.read({ ...ALL, after: 1, instances: ['quiet-0'] }).cutOff).toEqual([]);
  });

  it('is read on from where a reader was, nothing twice and nothing left out', () => {
    const ring = ringOf(line('a-0', '1'), line('b-0', '2'), line('a-0', '3'), line('c-0', '4'));
    const first = ring.read({ instances: ['a-0', 'b-0'], after: 0, limit: 2 });
    expect(first.lines.map(({ text }) => text)).toEqual(['1', '2']);
    const second = ring.read({ instances: ['a-0', 'b-0'], after: first.next, limit: 2 });
    expect(second.lines.map(({ text }) => text)).toEqual(['3']);
    ring.add(line('b-0', '5'));
    const third = ring.read({ instances: ['a-0', 'b-0'], after: second.next, limit: 2 });
    expect(third.lines.map(({ text }) => text)).toEqual(['5']);
  });

  it('is searched by text in whatever case, and by time; the last lines are those that are kept', () => {
    const ring = ringOf(line('a-0', 'ERROR one', 10), line('a-0', 'fine', 20), line('b-0', 'an error', 30));
    const texts = (query: object) => ring.read({ ...ALL, ...query }).lines.map(({ text }) => text);
    expect(texts({ search: 'error' })).toEqual(['ERROR one', 'an error']);
    expect(texts({ since: 20 })).toEqual(['fine', 'an error']);
    expect(texts({ search: 'error', limit: 1 })).toEqual(['an error']);
    expect(texts({ search: 'e.r' }), 'a text is no pattern').toEqual([]);
  });

  it('tells each line once, to those who still listen', () => {
    const ring = new LogRing();
    const heard: string[] = [];
    const stop = ring.listen(({ text }) => heard.push(text));
    ring.add(line('web-0', 'first'));
    stop();
    ring.add(line('web-0', 'second'));
    expect(heard).toEqual(['first']);
  });
});
