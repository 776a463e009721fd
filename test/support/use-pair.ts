/** The pair that all tests of a file share. Each test finds neither events nor requests of the one before it. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { startApplication, startPair, type Application, type Pair } from './sidecar-pair.ts';

interface Started {
  application: Application;
  pair: Pair;
}

/** Starts and closes it around the file's tests; `started` is told once, before the first. */
export function usePair(started: (both: Started) => void): void {
  let application: Application;
  let pair: Pair;
  beforeAll(async () => {
    application = await startApplication();
    pair = await startPair(application.address);
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
