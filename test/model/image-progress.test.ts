import { describe, expect, it } from 'vitest';
import { imageWords, type LayerProgress, sumLayers } from '../../model/image-progress.ts';

const layer = (
  id: string,
  status: LayerProgress['status'],
  doneBytes = 0,
  totalBytes: number | null = null,
): LayerProgress => ({ id, status, doneBytes, totalBytes });

describe('sums of layers', () => {
  it('count a layer that two images share once, whichever of them the engine told that it has it', () => {
    const fetched = [layer('a', 'done', 100, 100), layer('b', 'downloading', 5, 50)];
    const second = [layer('a', 'kept', 0, 0), layer('b', 'waiting')];
    const sums = { doneBytes: 105, totalBytes: 150, unknown: 0, doneLayers: 1, layers: 2 };
    expect(sumLayers([fetched, second])).toEqual(sums);
    expect(sumLayers([second, fetched])).toEqual(sums);
  });

  it('say of how many layers the size isn’t known', () => {
    expect(sumLayers([[layer('a', 'waiting'), layer('b', 'kept', 0, 0)]])).toEqual({
      doneBytes: 0,
      totalBytes: 0,
      unknown: 1,
      doneLayers: 1,
      layers: 2,
    });
  });
});

describe('words about an image', () => {
  const pull = (status: 'running' | 'done', ...layers: LayerProgress[]): string =>
    imageWords({
      image: 'redis:7',
      workloads: ['cache'],
      status,
      work: { kind: 'pull', layers },
      error: null,
    });

  it('call a total that may grow the least that it can be', () => {
    expect(pull('running', layer('a', 'downloading', 1_200_000, 3_000_000), layer('b', 'waiting'))).toBe(
      '1.2 MB of at least 3.0 MB, 0 of 2 layers',
    );
    expect(pull('running', layer('a', 'unpacking', 3_000_000, 3_000_000))).toBe(
      '3.0 MB of 3.0 MB, 0 of 1 layers',
    );
  });

  it('name what was fetched, and that nothing was', () => {
    expect(pull('done', layer('a', 'done', 31_400_000, 31_400_000))).toBe('31.4 MB, 1 layer');
    expect(pull('running')).toBe('asking the registry');
    expect(pull('done')).toBe('up to date');
  });

  it('tell the step of a build that is under way', () => {
    const build = (doneSteps: number, totalSteps: number): string =>
      imageWords({
        image: 'x',
        workloads: ['x'],
        status: 'running',
        work: { kind: 'build', doneSteps, totalSteps, step: 'RUN npm ci' },
        error: null,
      });
    expect(build(0, 0)).toBe('reading the Dockerfile');
    expect(build(1, 7)).toBe('step 2 of 7: RUN npm ci');
    expect(build(7, 7)).toBe('step 7 of 7: RUN npm ci');
  });
});
