import { describe, expect, it } from 'vitest';
import { Turns } from '../../proxy/turns.ts';

/** Work that ends when it is told to. */
function work() {
  let started = 0;
  const ends: (() => void)[] = [];
  const start = (): Promise<void> => {
    started += 1;
    return new Promise((resolve) => ends.push(resolve));
  };
  return { start, started: () => started, end: () => ends.shift()?.() };
}

/** Lets all that can go on go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('turns', () => {
  it('lets no more run at a time than the limit, each key for itself', async () => {
    const turns = new Turns(2);
    const [here, there] = [work(), work()];
    const all = [1, 2, 3].map(() => turns.run('here', here.start));
    const other = turns.run('there', there.start);
    await settle();
    expect([here.started(), there.started()]).toEqual([2, 1]);
    here.end();
    await settle();
    expect(here.started()).toBe(3);
    here.end();
    here.end();
    there.end();
    await Promise.all([...all, other]);
  });

  it('goes on after work that failed, and tells its error', async () => {
    const turns = new Turns(1);
    const failed = turns.run('a', () => Promise.reject(new Error('refused')));
    const next = turns.run('a', () => Promise.resolve('next'));
    await expect(failed).rejects.toThrow('refused');
    expect(await next).toBe('next');
  });

  it('keeps the order in which they came', async () => {
    const turns = new Turns(1);
    const seen: number[] = [];
    await Promise.all([1, 2, 3, 4].map((one) => turns.run('a', async () => void seen.push(one))));
    expect(seen).toEqual([1, 2, 3, 4]);
  });
});
