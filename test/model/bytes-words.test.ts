import { expect, it } from 'vitest';
import { bytesWords } from '../../model/bytes-words.ts';

it('bytes are written as registries write them', () => {
  expect([0, 999, 1000, 999_949, 12_345_678, 5_000_000_000_000].map(bytesWords)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '999.9 kB',
    '12.3 MB',
    '5000.0 GB',
  ]);
});
