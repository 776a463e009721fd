import { describe, expect, it } from 'vitest';
import { roundedPath } from '../../../renderer/reading/polyline.ts';

describe('a rounded path', () => {
  it('is empty of a single point and straight of two', () => {
    expect(roundedPath([{ x: 1, y: 1 }], 8)).toBe('');
    expect(
      roundedPath(
        [
          { x: 0, y: 0 },
          { x: 9, y: 0 },
        ],
        8,
      ),
    ).toBe('M0.0 0.0 L9.0 0.0');
  });

  it('never rounds further than half way to the next corner', () => {
    const path = roundedPath(
      [
        { x: 0, y: 0 },
        { x: 4, y: 0 },
        { x: 4, y: 100 },
      ],
      8,
    );
    expect(path).toBe('M0.0 0.0 L2.0 0.0 Q4.0 0.0 4.0 8.0 L4.0 100.0');
  });
});
