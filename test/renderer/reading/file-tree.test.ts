import { describe, expect, it } from 'vitest';
import { treeLines } from '../../../renderer/reading/file-tree.ts';

describe('a tree of files', () => {
  it('has a line a folder, its files before its folders', () => {
    const lines = treeLines(['orders/service.yaml', 'kustomization.yaml', 'orders/a/b.yaml']);
    expect(lines.map((one) => `${'  '.repeat(one.depth)}${one.name}`)).toEqual([
      'kustomization.yaml',
      'orders/',
      '  service.yaml',
      '  a/',
      '    b.yaml',
    ]);
  });
});
