/** The pair that all tests of a file share. Each test finds neither events nor requests of the one before it. */
import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Limits } from '../../proxy/limits.ts';
import { startApplication, startPair, type Application, type Pair } from './sidecar-pair.ts';

interface Started {
  application: Application;
  pair: Pair;
}

interface Wanted {
  /** What `orders` answers; absent = it tells what it got. */
  handler?: RequestListener;
  limits?: Partial<Limits>;
}

/** Starts and closes it around the file's tests; `started` is told once, before the first. */
export function usePair(started: (both: Started) => void, { handler, limits }: Wanted = {}): void {
  let application: Application;
  let pair: Pair;
  beforeAll(async () => {
    application = await startApplication(handler);
    pair = await startPair(application.address, limits);
    started({ application, pair });
  });
  afterAll(async () => {
    await pair.close();
    await application.close();
  });
  beforeEach(async () => {
    await pair.clear();
    application.requests.length = 0;
  });
}
