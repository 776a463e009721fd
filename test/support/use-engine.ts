/** An engine of the tests' own around the tests of a `describe`. */
import { afterAll, beforeAll } from 'vitest';
import { privateEngine, type PrivateEngine, type PrivateEngineOptions } from './private-engine.ts';

const PATIENCE_MS = 240_000;

/**
 * Starts it before them and removes it after them; meanwhile `DOCKER_HOST` leads everybody in this process to it.
 * `made` is told once, before the first.
 */
export function useEngine(made: (engine: PrivateEngine) => void, options?: PrivateEngineOptions): void {
  const before = process.env['DOCKER_HOST'];
  let engine: PrivateEngine | undefined;
  beforeAll(async () => {
    engine = privateEngine(options);
    await engine.start();
    process.env['DOCKER_HOST'] = engine.url;
    made(engine);
  }, PATIENCE_MS);
  afterAll(async () => {
    await engine?.remove();
    if (before === undefined) delete process.env['DOCKER_HOST'];
    else process.env['DOCKER_HOST'] = before;
  }, PATIENCE_MS);
}
