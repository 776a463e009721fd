import { expect, it } from 'vitest';
import { isDryRun } from '../../policy/dry-run.ts';
import { authorization, policies } from '../support/policies.ts';

it.each([
  ['"false"', false],
  ['"0"', false],
  ['"true"', true],
  ['"True"', true],
  ['"1"', true],
  ['"t"', true],
  ['"T"', true],
  ['"TRUE"', true],
])('istio.io/dry-run: %s', (value, dryRun) => {
  const annotated = authorization('rules: []').replace(
    'namespace: shop',
    `namespace: shop, annotations: { istio.io/dry-run: ${value} }`,
  );
  expect(policies(annotated).map(isDryRun)).toEqual([dryRun]);
  expect(policies(authorization('rules: []')).map(isDryRun)).toEqual([false]);
});
