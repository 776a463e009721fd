import { afterEach, describe, expect, it } from 'vitest';
import type { ImageProgress } from '../../../model/image-progress.ts';
import { showImages } from '../../../renderer/store/image-tasks.ts';
import { dismissTask, useTasks } from '../../../renderer/store/tasks.ts';

const pull = (
  status: ImageProgress['status'],
  doneBytes: number,
  error: string | null = null,
): ImageProgress => ({
  image: 'redis:7',
  workloads: ['cache'],
  status,
  work: {
    kind: 'pull',
    layers: [{ id: 'a', status: 'downloading', doneBytes, totalBytes: 4_000_000 }],
  },
  error,
});
const tray = () =>
  useTasks.getState().tasks.map(({ title, detail, status }) => `${status} ${title} · ${detail}`);

describe('images in the tray', () => {
  afterEach(() => {
    for (const { id } of useTasks.getState().tasks) dismissTask(id);
  });

  it('are not there when they were had before the window was', () => {
    showImages([], [pull('done', 4_000_000)]);
    expect(tray()).toEqual([]);
  });

  it('are one card from the first byte to the end', () => {
    const [first, second, last] = [pull('running', 0), pull('running', 3_000_000), pull('done', 4_000_000)];
    showImages([], [first]);
    showImages([first], [second]);
    expect(tray()).toEqual(['running Pulling redis:7 · 3.0 MB of 4.0 MB, 0 of 1 layers']);
    expect(useTasks.getState().tasks[0]?.progress).toEqual({ done: 75, of: 100, words: '75 %' });
    showImages([second], [last]);
    expect(tray()).toEqual(['done Pulled redis:7 · 4.0 MB, 1 layer']);
  });

  it('stay away once dismissed, but for a failure', () => {
    const [first, second] = [pull('running', 0), pull('running', 3_000_000)];
    showImages([], [first]);
    dismissTask('pull redis:7');
    showImages([first], [second]);
    expect(tray()).toEqual([]);
    showImages([second], [pull('failed', 3_000_000, 'r.test has no such image')]);
    expect(tray()).toEqual(['failed Not pulled: redis:7 · r.test has no such image']);
  });
});
