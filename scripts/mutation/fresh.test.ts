/** The second pass of a mutation run starts after this file: the runner loads the real tests itself, mutant by mutant. */
import { expect, it } from 'vitest';

it('stands for all the tests that the runner loads', () => {
  expect(process.env['GREENROOM_MUTATION']).toBeDefined();
});
