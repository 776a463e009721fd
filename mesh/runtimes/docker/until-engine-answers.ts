/** At the end of a session an engine that is only being restarted is waited for, so that nothing has to be left in it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Engine } from './engine.ts';

const RESTART_PATIENCE_MS = 5_000;
const ASK_AGAIN_MS = 250;

/** Resolves when it answers, or has had five seconds for it. */
export async function untilEngineAnswers(engine: Engine): Promise<void> {
  const deadline = performance.now() + RESTART_PATIENCE_MS;
  while ((await engine.silence()) !== null && performance.now() < deadline) await pause(ASK_AGAIN_MS);
}
