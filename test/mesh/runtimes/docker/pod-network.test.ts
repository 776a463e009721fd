import { expect, it } from 'vitest';
import { wasVisited } from '../../../../mesh/runtimes/docker/pod-network.ts';

it('a pod’s knock that is heard after its end counts', async () => {
  let visits = 0;
  const heard = wasVisited({ visits: () => visits });
  setImmediate(() => {
    visits = 1;
  });
  expect(await heard).toBe(true);
});
