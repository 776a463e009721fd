import { describe, expect, it } from 'vitest';
import { fileAt, projectPath } from '../../../renderer/reading/policy-place.ts';

const FILES = [{ path: 'policies/orders.yaml' }, { path: 'orders.yaml' }];

describe('a place in a policy file', () => {
  it('is none of another file that only ends alike', () => {
    expect(fileAt([{ path: 'orders.yaml' }], 'policies/my-orders.yaml')).toBeUndefined();
    expect(projectPath(FILES, 'elsewhere.yaml')).toBe('elsewhere.yaml');
  });

  it('is found whether written from the project or from where the command ran', () => {
    expect(fileAt(FILES, 'policies/orders.yaml')?.path).toBe('policies/orders.yaml');
    expect(projectPath(FILES, 'scenarios/shop/policies/orders.yaml')).toBe('policies/orders.yaml');
  });
});
