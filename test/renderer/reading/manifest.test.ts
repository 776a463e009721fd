import { describe, expect, it } from 'vitest';
import { objectCounts } from '../../../renderer/reading/manifest.ts';

describe('objects of manifests', () => {
  it('are counted by kind, a nested kind and the packing not', () => {
    const text = 'kind: Service\nspec:\n  kind: Nested\n---\nkind: Service\n---\nkind: Deployment\n';
    expect(objectCounts([{ text }, { text: 'kind: Kustomization\n' }])).toEqual([
      ['Service', '2'],
      ['Deployment', '1'],
    ]);
  });
});
