/** Pairs of sidecars that are closed when nobody needs them any more. */
import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, beforeEach, onTestFinished } from 'vitest';
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

/** A pair of one test alone, which is closed after it. */
export async function ownPair(limits: Partial<Limits> = {}, workers?: number): Promise<Started> {
  const application = await startApplication();
  const pair = await startPair(application.address, limits, workers);
  onTestFinished(async () => {
    await pair.close();
    await application.close();
  });
  return { application, pair };
}

/**
 * One that all tests of a file share, each of which finds neither events nor requests of the one before it. `started`
 * is told once, before the first.
 */
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
