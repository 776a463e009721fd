import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { untilAborted } from '../../mesh/until-aborted.ts';

it('is done with the work, or rejects with the signal’s reason, whichever comes first', async () => {
  const never = new Promise<string>(() => undefined);
  const controller = new AbortController();
  const { signal } = controller;
  expect(await untilAborted(Promise.resolve('done'), signal)).toBe('done');
  await expect(untilAborted(Promise.reject(new Error('failed')), signal)).rejects.toThrow('failed');
  const waiting = untilAborted(never, signal);
  controller.abort(new Error('given up'));
  await expect(waiting).rejects.toThrow('given up');
  await expect(untilAborted(never, signal)).rejects.toThrow('given up');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
